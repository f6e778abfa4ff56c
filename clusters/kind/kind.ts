import { commandLine } from '../../foundation/node/command-line.ts';
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import { cacheFolder } from '../../foundation/node/cache-folder.ts';
import { ClusterError } from '../../foundation/node/cluster-error.ts';
import type { HostContext } from './context.ts';
import { lastLine } from './docker.ts';
import type { Runner } from './runner.ts';

/** The kind program: that of PATH, else the one that `kind-node-image` built. Throws `ClusterError` KIND_MISSING. */
export async function kindProgram(environment: NodeJS.ProcessEnv = process.env): Promise<string> {
  const folders = [
    ...(environment['PATH'] ?? '').split(delimiter).filter((folder) => folder !== ''),
    join(cacheFolder(environment), 'bin'),
  ];
  const found = folders.map((folder) => join(folder, 'kind')).find(isExecutable);
  if (found !== undefined) return found;
  throw new ClusterError(
    'KIND_MISSING',
    `There is no kind on this machine: install it (https://kind.sigs.k8s.io), or run \`${commandLine('kind-node-image')}\`, which builds it.`,
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

/** Version of the program, such as `0.30.0`. */
export async function kindVersion(run: Runner, program: string): Promise<string> {
  const { stdout } = await run(program, ['version']);
  return /v(\d\S*)/.exec(stdout)?.[1] ?? 'unknown';
}

export interface NewKindCluster extends Pick<HostContext, 'run' | 'network'> {
  /** Path of the program. */
  readonly program: string;
  readonly name: string;
  /** Default: the image that kind pins. */
  readonly image?: string;
  readonly configFile: string;
  /** Written there, and nowhere else. */
  readonly kubeconfigFile: string;
  readonly signal: AbortSignal;
}

/**
 * Makes the cluster and resolves when kubeadm is through; nodes need not be ready. Containers of one that failed stay, to
 * be looked at. Throws `ClusterError`.
 */
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

/** What kind and Docker say of an image that is no node's. */
const CANNOT_START =
  /could not find a (log )?line|failed to get kubernetes version|no command specified|executable file not found|exec format error/i;

/** What went wrong, by what kind said about it: all of that is the error's cause. */
export function creationError(name: string, image: string | undefined, stderr: string): ClusterError {
  const said = errorLine(stderr);
  const cause = { cause: stderr };
  if (/already exist for a cluster with the name|container name .* is already in use/i.test(stderr))
    return nameTaken(name);
  if (/failed to pull image/i.test(stderr))
    return new ClusterError(
      'IMAGE_MISSING',
      `The node image ${image ?? 'that kind pins'} is neither here nor can it be pulled (${said}): name one with --kind-image, or build one with \`${commandLine('kind-node-image')}\`.`,
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

/** What kind itself says about a failure, without the long command that failed, and what that command said. */
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
