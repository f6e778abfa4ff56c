import { commandLine } from '../../foundation/node/command-line.ts';
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import { cacheFolder } from '../../foundation/node/cache-folder.ts';
import { ClusterError } from '../../foundation/node/cluster-error.ts';
import type { HostContext } from './context.ts';
import { lastLine } from './docker.ts';
import type { Runner } from './runner.ts';

/** Finds kind in PATH, else `kind-node-image`'s build. Throws `ClusterError` KIND_MISSING. */
export async function kindProgram(environment: NodeJS.ProcessEnv = process.env): Promise<string> {
  const folders = [
    ...(environment['PATH'] ?? '').split(delimiter).filter((folder) => folder !== ''),
    join(cacheFolder(environment), 'bin'),
  ];
  const found = folders.map((folder) => join(folder, 'kind')).find(isExecutable);
  if (found !== undefined) return found;
  throw new ClusterError(
    'KIND_MISSING',
    `kind is not installed: install it (https://kind.sigs.k8s.io), or run \`${commandLine('kind-node-image')}\`, which builds it.`,
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

/** Such as `0.30.0`. */
export async function kindVersion(run: Runner, program: string): Promise<string> {
  const { stdout } = await run(program, ['version']);
  return /v(\d\S*)/.exec(stdout)?.[1] ?? 'unknown';
}

export interface NewKindCluster extends Pick<HostContext, 'run' | 'network'> {
  readonly program: string;
  readonly name: string;
  /** Default: the image that kind pins. */
  readonly image?: string;
  readonly configFile: string;
  /** The only kubeconfig that is written. */
  readonly kubeconfigFile: string;
  readonly signal: AbortSignal;
}

/** Resolves after kubeadm, perhaps before nodes are ready. Failed containers stay for inspection. Throws `ClusterError`. */
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

/** Classifies kind's error output. */
export function creationError(name: string, image: string | undefined, stderr: string): ClusterError {
  const said = errorLine(stderr);
  const cause = { cause: stderr };
  if (/already exist for a cluster with the name|container name .* is already in use/i.test(stderr))
    return nameTaken(name);
  if (/failed to pull image/i.test(stderr))
    return new ClusterError(
      'IMAGE_MISSING',
      `The node image ${image ?? 'that kind pins'} is neither present nor can it be pulled (${said}): name one with --kind-image, or build one with \`${commandLine('kind-node-image')}\`.`,
      cause,
    );
  if (CANNOT_START.test(stderr))
    return new ClusterError(
      'IMAGE_BROKEN',
      `Image ${image ?? 'that kind pins'} (--kind-image) does not start as a node of kind: ${said}`,
      cause,
    );
  return new ClusterError('CLUSTER_FAILED', `kind could not create cluster ${name}: ${said}`, cause);
}

export function nameTaken(name: string): ClusterError {
  return new ClusterError(
    'NAME_TAKEN',
    `There is a kind cluster ${name} already: delete it with \`kind delete cluster --name ${name}\`.`,
  );
}

/** Returns kind's message without the long command, and the command's output. */
function errorLine(stderr: string): string {
  const [said = '', output = ''] = stderr.split(/^Command Output: /m);
  const line = said.split('\n').find((text) => text.startsWith('ERROR: ')) ?? lastLine(said) ?? 'it gives no reason';
  const what = line.replace(/^ERROR: (failed to create cluster: )?/, '').replace(/:? ?command "docker .*/, '');
  const lines = output.split('\nStack Trace')[0]?.split('\n') ?? [];
  const why = lines.findLast((text) => /error/i.test(text)) ?? lastLine(output);
  return [what, why]
    .filter((text) => text !== undefined && text !== '')
    .join(': ')
    .trim();
}
