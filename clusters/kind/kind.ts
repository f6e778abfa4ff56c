import { commandLine } from '../../foundation/node/command-line.ts';
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import { cacheFolder } from '../../foundation/node/cache-folder.ts';
import { ClusterError } from '../../foundation/node/cluster-error.ts';
import type { HostContext } from './context.ts';
import { lastLine } from './docker/docker.ts';
import type { Runner } from './docker/runner.ts';

/** Finds kind in PATH, or else the build of `kind-node-image`. Throws `ClusterError` KIND_MISSING. */
export async function kindProgram(environment: NodeJS.ProcessEnv = process.env): Promise<string> {
  const folders = [
    ...(environment['PATH'] ?? '').split(delimiter).filter((folder) => folder !== ''),
    join(cacheFolder(environment), 'bin'),
  ];
  const kindPath = folders.map((folder) => join(folder, 'kind')).find(isExecutable);
  if (kindPath !== undefined) return kindPath;
  throw new ClusterError(
    'KIND_MISSING',
    `kind is not installed. Install it (https://kind.sigs.k8s.io), or build it with \`${commandLine('kind-node-image')}\`.`,
  );
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** Returns a version such as `0.30.0`. */
export async function kindVersion(run: Runner, program: string): Promise<string> {
  const { stdout } = await run(program, ['version']);
  return /v(\d\S*)/.exec(stdout)?.[1] ?? 'unknown';
}

export interface NewKindCluster extends Pick<HostContext, 'run' | 'network'> {
  readonly program: string;
  readonly name: string;
  /** Default: kind's own default image. */
  readonly image?: string;
  readonly configFile: string;
  /** The only kubeconfig that kind writes. */
  readonly kubeconfigFile: string;
  readonly signal: AbortSignal;
}

/** Runs kind until kubeadm has finished; nodes may not be ready yet. Keeps failed containers. Throws `ClusterError`. */
export async function createCluster(cluster: NewKindCluster): Promise<void> {
  const { run, program, network, name, image, configFile, kubeconfigFile, signal } = cluster;
  const { exitCode, stderr } = await run(
    program,
    [
      ...['create', 'cluster', '--retain', '--name', name, '--config', configFile, '--kubeconfig', kubeconfigFile],
      ...(image === undefined ? [] : ['--image', image]),
    ],
    { environment: { KIND_EXPERIMENTAL_PROVIDER: 'docker', KIND_EXPERIMENTAL_DOCKER_NETWORK: network }, signal },
  );
  if (exitCode !== 0) throw creationError(name, image, stderr);
}

const CANNOT_START =
  /could not find a (log )?line|failed to get kubernetes version|no command specified|executable file not found|exec format error/i;

/** Converts kind's error output to a `ClusterError`. */
export function creationError(name: string, image: string | undefined, stderr: string): ClusterError {
  const reason = errorLine(stderr);
  const cause = { cause: stderr };
  if (/already exist for a cluster with the name|container name .* is already in use/i.test(stderr))
    return nameTaken(name);
  if (/failed to pull image/i.test(stderr))
    return new ClusterError(
      'IMAGE_MISSING',
      `The node image ${image ?? 'of kind'} is missing and cannot be pulled (${reason}). Name one with --kind-image, or build one with \`${commandLine('kind-node-image')}\`.`,
      cause,
    );
  if (CANNOT_START.test(stderr))
    return new ClusterError(
      'IMAGE_BROKEN',
      `Image ${image ?? 'of kind'} (--kind-image) does not start as a kind node: ${reason}`,
      cause,
    );
  return new ClusterError('CLUSTER_FAILED', `kind could not create cluster ${name}: ${reason}`, cause);
}

export function nameTaken(name: string): ClusterError {
  return new ClusterError(
    'NAME_TAKEN',
    `kind cluster ${name} already exists. Delete it with \`kind delete cluster --name ${name}\`.`,
  );
}

/** Returns kind's message and the failed command's output, without the long command line. */
function errorLine(stderr: string): string {
  const [message = '', output = ''] = stderr.split(/^Command Output: /m);
  const line =
    message.split('\n').find((text) => text.startsWith('ERROR: ')) ?? lastLine(message) ?? 'it reports no reason';
  const what = line.replace(/^ERROR: (failed to create cluster: )?/, '').replace(/:? ?command "docker .*/, '');
  const lines = output.split('\nStack Trace')[0]?.split('\n') ?? [];
  const why = lines.findLast((text) => /error/i.test(text)) ?? lastLine(output);
  return [what, why]
    .filter((text) => text !== undefined && text !== '')
    .join(': ')
    .trim();
}
