import type { Writable } from 'node:stream';
import { HELP, readOptions, UsageError } from './cli-options.ts';
import type { CommandOptions } from './cli-options.ts';
import { startEmulator } from './start.ts';
import type { Emulator } from './emulator.ts';
import { AWS_TIMING } from './core/aws-timing.ts';
import type { Credentials } from './core/principal.ts';
import type { ClusterProvider } from './eks/model.ts';
import type { S3Backend } from './s3/index.ts';

/** What the command needs of its process, so that tests can stand in for it. */
export interface CommandIo {
  readonly stdout: Pick<Writable, 'write'>;
  readonly stderr: Pick<Writable, 'write'>;
  /** Where the key of `--s3-endpoint` is. */
  readonly environment?: Readonly<NodeJS.ProcessEnv>;
  /** Resolves with the signal that ends the command. */
  readonly interrupted: () => Promise<'SIGINT' | 'SIGTERM'>;
  /** Prepares what clusters are made with; throws `StartError`. Without it, clusters are records alone. */
  readonly clusterHost?: (options: ClusterHostOptions) => Promise<CommandClusterHost>;
}

export interface ClusterHostOptions extends Pick<CommandOptions, 'kindImage' | 'imageBase'> {
  readonly clusters: 'embedded' | 'kind';
  /** One line about what is being done. */
  readonly progress: (line: string) => void;
  /** Fires when the command is interrupted. */
  readonly signal: AbortSignal;
}

/** What makes the clusters of the command. */
export interface CommandClusterHost {
  readonly provider: ClusterProvider;
  /** Address that the emulator binds to be reached by the clusters. */
  readonly bindAddress: string;
  /** Called when the clusters are deleted. */
  close(): Promise<void>;
}

/** Why the command cannot start: one sentence that says what to do, and the exit code. */
export class StartError extends Error {
  override readonly name = 'StartError';
  readonly exitCode: 2 | 3;

  constructor(message: string, exitCode: 2 | 3, options?: { readonly cause?: unknown }) {
    super(message, options);
    this.exitCode = exitCode;
  }
}

/**
 * The command `npm run emulator`.
 * @returns the exit code: 0 after SIGTERM, 130 after SIGINT, 2 wrong usage, 3 the address cannot be bound or clusters
 * cannot be had
 */
export async function main(argv: readonly string[], io: CommandIo): Promise<number> {
  let options: CommandOptions;
  try {
    options = readOptions(argv);
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    io.stderr.write(`${error.message}\n`);
    return 2;
  }
  if (options.help) {
    io.stdout.write(HELP);
    return 0;
  }

  // Listening starts ahead of the announcement: whoever reads the line may stop the emulator at once.
  const interruption = new AbortController();
  const interrupted = io.interrupted().finally(() => interruption.abort());
  let host: CommandClusterHost | undefined;
  let emulator: Emulator;
  try {
    const s3 = s3Backend(options, io.environment ?? {});
    host = await clusterHost(options, io, interruption.signal);
    emulator = await start(options, host, s3);
  } catch (error) {
    await host?.close();
    if (interruption.signal.aborted) return exitCode(await interrupted);
    if (!(error instanceof StartError)) throw error;
    io.stderr.write(`${error.message}\n`);
    return error.exitCode;
  }
  try {
    io.stdout.write(`${JSON.stringify(announcement(emulator, options))}\n`);
    return exitCode(await interrupted);
  } finally {
    await emulator.close();
    await host?.close();
  }
}

function exitCode(signal: 'SIGINT' | 'SIGTERM'): number {
  return signal === 'SIGINT' ? 130 : 0;
}

async function clusterHost(
  { clusters, kindImage, imageBase }: CommandOptions,
  io: CommandIo,
  signal: AbortSignal,
): Promise<CommandClusterHost | undefined> {
  if (clusters === 'none') return undefined;
  const progress = (line: string): void => void io.stderr.write(`${line}\n`);
  return io.clusterHost?.({ clusters, kindImage, imageBase, progress, signal });
}

/** Throws `StartError` when the address cannot be bound. */
async function start(
  options: CommandOptions,
  clusters: CommandClusterHost | undefined,
  s3Backend: S3Backend | undefined,
): Promise<Emulator> {
  const { port, accountId, region, administrator, seed, timing, pace } = options;
  const host = options.host ?? clusters?.bindAddress ?? '127.0.0.1';
  try {
    return await startEmulator({
      host,
      port,
      ...(accountId === undefined ? {} : { accountId }),
      ...(region === undefined ? {} : { region }),
      ...(administrator === undefined ? {} : { administrator }),
      ...(seed === undefined ? {} : { seed }),
      ...(clusters === undefined ? {} : { clusterProvider: clusters.provider }),
      ...(s3Backend === undefined ? {} : { s3Backend }),
      ...(timing === 'aws' && { settings: { ...AWS_TIMING, pace } }),
    });
  } catch (error) {
    const text = bindingProblem(error, host, port);
    throw text === undefined ? error : new StartError(text, 3, { cause: error });
  }
}

/** Throws `StartError` for half a key. */
function s3Backend({ s3Endpoint }: CommandOptions, environment: NodeJS.ProcessEnv): S3Backend | undefined {
  if (s3Endpoint === undefined) return undefined;
  const [id, secret] = ['CONFORMANCE_S3_ACCESS_KEY_ID', 'CONFORMANCE_S3_SECRET_ACCESS_KEY'] as const;
  const { [id]: accessKeyId, [secret]: secretAccessKey } = environment;
  if (!accessKeyId !== !secretAccessKey) throw new StartError(`Set both ${id} and ${secret}, or neither.`, 2);
  return {
    endpoint: s3Endpoint,
    accessKeyId: accessKeyId || 'test',
    secretAccessKey: secretAccessKey || 'test',
  };
}

/** The line that tells where the emulator is and with which keys it is used. */
function announcement(emulator: Emulator, { secondAccount }: CommandOptions): object {
  const { endpoint, region, accountId, administrator } = emulator;
  return {
    endpoint,
    region,
    ...keyOf(accountId, administrator),
    ...(secondAccount !== undefined && {
      secondAccount: keyOf(secondAccount, emulator.createAccount(secondAccount)),
    }),
  };
}

function keyOf(accountId: string, { accessKeyId, secretAccessKey }: Credentials): object {
  return { accountId, accessKeyId, secretAccessKey };
}

function bindingProblem(error: unknown, host: string, port: number): string | undefined {
  switch ((error as NodeJS.ErrnoException).code) {
    case 'EADDRINUSE':
      return `Port ${port} of ${host} is in use; give another --port, or 0 for any free one.`;
    case 'EACCES':
      return `Port ${port} of ${host} may not be bound by this user; give a --port above 1023, or 0 for any free one.`;
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return `${host} is no address of this machine; give another --host, such as 127.0.0.1.`;
    default:
      return undefined;
  }
}

/** The process's own streams and signals. A second signal ends the process at once. */
export function processIo(): CommandIo {
  return {
    stdout: process.stdout,
    stderr: process.stderr,
    environment: process.env,
    interrupted: () =>
      new Promise((resolve) => {
        process.once('SIGINT', () => resolve('SIGINT'));
        process.once('SIGTERM', () => resolve('SIGTERM'));
      }),
  };
}
