import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { UsageError } from '../go/flags.ts';
import { checkCommonFlags, parseServerFlags } from './cli/flags.ts';
import { initialize, InitializeError, type Runner } from './cli/initialize.ts';
import { nodeCredentials } from './cli/node-credentials.ts';
import { SERVICE_ACCOUNT } from './credentials/cluster-keys.ts';
import type { AgentOptions, AgentVersion, InCluster, RunningAgent } from './index.ts';
import { AGENT_VERSIONS, AgentRefusal, RELEASES, startAgent, VERSION_VARIABLE } from './index.ts';

export interface AgentIo {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly out: (line: string) => void;
  readonly err: (line: string) => void;
  readonly run: Runner;
  /** Resolves on SIGTERM or SIGINT. */
  readonly terminated: Promise<void>;
  readonly started?: (agent: RunningAgent) => void;
}

const USAGE = `The reference EKS Pod Identity agent

Usage:
  eks-pod-identity-agent [command]

Available Commands:
  initialize  Configures the host: adds the agent's interface, its link-local addresses and their routes
  server      Serves pods' credentials at /v1/credentials
  version     Prints agent version information

Flags of server:
  -c, --cluster-name string     Name of the EKS cluster the agent runs on (required)
  -b, --bind-hosts string       Host to bind to; repeatable (default 169.254.170.23 and [fd00:ec2::23])
  -p, --port uint16             Port of the credentials endpoint (default 80)
      --probe-port uint16       Health and readiness port on localhost (default 2703)
      --metrics-address string  Address of the metrics port (default 0.0.0.0)
      --metrics-port uint16     Port of metrics and probes (default 2705)
      --max-credential-retention-before-renewal duration
                                Age at which cached credentials are renewed; 0 disables the cache (default 3h)
      --max-cache-size int      Maximum number of cached credentials; 0 disables the cache (default 2000)
      --max-service-qps int     Maximum refreshes per second (default 3)
      --enable-imds-credentials Ask instance metadata first, then EKS Auth; 0.2 only
      --endpoint string         URL of EKS Auth
  -v, --verbosity string        panic, fatal, error, warning, info, debug or trace (default info)

The node's credentials come from AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN, or from the instance
metadata service (AWS_EC2_METADATA_SERVICE_ENDPOINT). The region is AWS_REGION.
${VERSION_VARIABLE}, 0.1 or 0.2, selects the version to behave like (default 0.1).`;

function versionOf(env: AgentIo['env']): AgentVersion {
  const named = env[VERSION_VARIABLE] || '0.1';
  const agentVersion = AGENT_VERSIONS.find((version) => version === named);
  if (agentVersion === undefined)
    throw new UsageError(`${VERSION_VARIABLE} is "${named}": use ${AGENT_VERSIONS.join(' or ')}`);
  return agentVersion;
}

/** Finds the pod's cluster like client-go: by the variables of service kubernetes, and with a token. */
function clusterOf({
  KUBERNETES_SERVICE_HOST: host,
  KUBERNETES_SERVICE_PORT: port,
}: AgentIo['env']): InCluster | undefined {
  if (!host || !port || !existsSync(`/${SERVICE_ACCOUNT}/token`)) return undefined;
  return { apiServer: `https://${host.includes(':') ? `[${host}]` : host}:${port}`, root: '/' };
}

async function server(args: readonly string[], io: AgentIo): Promise<void> {
  const { rotateCredentials, ...flags } = parseServerFlags(args);
  if (rotateCredentials) throw new UsageError('this agent does not support --rotate-credentials');
  const region = io.env['AWS_REGION'] || io.env['AWS_DEFAULT_REGION'];
  if (!region) throw new UsageError('no region: set AWS_REGION');
  const inCluster = clusterOf(io.env);
  const options: AgentOptions = {
    ...flags,
    region,
    version: versionOf(io.env),
    ...(inCluster && { inCluster }),
    credentials: nodeCredentials(io.env),
    log: io.out,
  };
  const agent = await startAgent(options);
  io.started?.(agent);
  await io.terminated;
  await agent.stop();
}

/** Runs a command. Returns the exit code: 0, or 1 if the command line is invalid or the command failed. */
export async function main(argv: readonly string[], io: AgentIo): Promise<number> {
  const [command, ...args] = argv;
  if (command === undefined || args.includes('--help') || ['--help', '-h', 'help'].includes(command)) {
    io.out(USAGE);
    return 0;
  }
  try {
    if (command === 'server') {
      await server(args, io);
      return 0;
    }
    if (command !== 'initialize' && command !== 'version')
      throw new UsageError(`unknown command ${JSON.stringify(command)}: use initialize, server or version`);
    checkCommonFlags(args);
    if (command === 'initialize') await initialize(io.run, io.err);
    else io.out(`EKS Pod Identity Agent version ${RELEASES[versionOf(io.env)]}`);
    return 0;
  } catch (error) {
    const expected = error instanceof UsageError || error instanceof AgentRefusal || error instanceof InitializeError;
    if (!expected) throw error;
    io.err(`Error: ${error.message}`);
    return 1;
  }
}

export const runCommand: Runner = (command, args) =>
  new Promise((resolve) => {
    const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    const collect = (chunk: Buffer): void => void (output += chunk.toString());
    child.stdout.on('data', collect);
    child.stderr.on('data', collect);
    child.on('error', (error) => resolve({ code: 127, output: error.message }));
    child.on('close', (code) => resolve({ code: code ?? 1, output }));
  });
