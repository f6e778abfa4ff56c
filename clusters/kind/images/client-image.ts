/** Adds the probe program to the image of a user's program (docs/own-program.md). */
import { createHash, randomUUID } from 'node:crypto';
import { copyFileSync, cpSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { execa } from 'execa';
import { OWN_PROGRAM_IN_IMAGE } from '../../../components/clients/own/index.ts';
import { ClusterError } from '../../../foundation/node/cluster-error.ts';
import { DockerError, type Docker } from '../docker/docker.ts';
import { inWorkspace } from './workspace.ts';

interface ClientImageOptions {
  readonly docker: Docker;
  readonly image: string;
  /** The component image, with Node, its libraries and the probe program. */
  readonly components: string;
  readonly progress: (line: string) => void;
  readonly signal: AbortSignal;
}

const REPOSITORY = 'eks-pod-identity-conformance/client';
const CONTAINER_PREFIX = 'eks-pod-identity-conformance-client-';

/**
 * Adds a folder with the probe program, Node, its loader and libraries to the user's image, which needs no shell. Returns a
 * reference to an image that starts the probe program. Throws ClusterError.
 */
export async function ensureClientImage(options: ClientImageOptions): Promise<string> {
  const { docker, image, components, progress } = options;
  const [client, base] = await Promise.all([inspected(docker, image), inspected(docker, components)]);
  const { Entrypoint, Cmd, WorkingDir } = client.Config;
  const command = [...(Entrypoint ?? []), ...(Cmd ?? [])];
  if (command.length === 0)
    throw new ClusterError(
      'IMAGE_BROKEN',
      `Image ${image} (--client-image) starts no program. Give it an ENTRYPOINT or a CMD.`,
      { blame: 'usage' },
    );
  const tag = createHash('sha256')
    .update(JSON.stringify([client.Id, base.Id, OWN_PROGRAM_IN_IMAGE]))
    .digest('hex')
    .slice(0, 16);
  const reference = `${REPOSITORY}:${tag}`;
  if ((await docker.image(reference)) !== undefined) return reference;
  await inWorkspace(async (folder) => {
    await stage(options, folder);
    const program = { command, folder: WorkingDir === '' ? '/' : WorkingDir };
    writeFileSync(join(folder, 'conformance', 'program.json'), JSON.stringify(program));
    await commit(options, folder, reference);
  }).catch((error: unknown) => {
    if (!(error instanceof DockerError)) throw error;
    throw new ClusterError('CLUSTER_FAILED', `Docker cannot add the probe program to ${image}: ${error.message}`);
  });
  progress(`The program of ${image} runs from ${reference}, which includes the probe program.`);
  return reference;
}

interface Inspected {
  readonly Id: string;
  readonly Config: {
    readonly Entrypoint?: readonly string[] | null;
    readonly Cmd?: readonly string[] | null;
    readonly WorkingDir: string;
  };
}

async function inspected(docker: Docker, image: string): Promise<Inspected> {
  const [inspectedImage] = JSON.parse(await docker.call(['image', 'inspect', image])) as [Inspected];
  return inspectedImage;
}

async function stage({ docker, components, signal }: ClientImageOptions, folder: string): Promise<void> {
  const root = join(folder, 'root');
  const target = join(folder, 'conformance');
  mkdirSync(root);
  mkdirSync(join(target, 'lib'), { recursive: true });
  await inContainer({ docker, signal }, components, async (container) => {
    const archive = join(folder, 'root.tar');
    await docker.call(['export', '--output', archive, container], { signal });
    await execa('tar', ['-x', '-f', archive, '-C', root, '--exclude=dev/*'], { cancelSignal: signal });
  });
  const files = readdirSync(root, { recursive: true, withFileTypes: true });
  for (const { name, parentPath } of files.filter((file) => /\.so(\.|$)/.test(file.name) && file.isFile())) {
    copyFileSync(join(parentPath, name), join(target, 'lib', basename(name)));
    if (/^ld-/.test(name)) copyFileSync(join(parentPath, name), join(target, 'ld.so'));
  }
  cpSync(join(root, 'usr', 'local', 'bin', 'node'), join(target, 'node'));
  for (const programs of ['probe', 'clients'])
    cpSync(join(root, programs), join(target, programs), { recursive: true });
}

async function commit({ docker, image, signal }: ClientImageOptions, folder: string, reference: string): Promise<void> {
  const entrypoint = [...OWN_PROGRAM_IN_IMAGE.node, '/conformance/probe/launch.cjs'];
  const changes = [`ENTRYPOINT ${JSON.stringify(entrypoint)}`, 'CMD []'].flatMap((one) => ['--change', one]);
  await inContainer({ docker, signal }, image, async (container) => {
    await docker.call(['cp', join(folder, 'conformance'), `${container}:/`], { signal });
    await docker.call(['commit', ...changes, container, reference], { signal });
  });
}

/** Calls a function with a container that is created but not started. */
export async function inContainer(
  { docker, signal }: Pick<ClientImageOptions, 'docker' | 'signal'>,
  image: string,
  use: (container: string) => Promise<void>,
): Promise<void> {
  const name = `${CONTAINER_PREFIX}${randomUUID()}`;
  await docker.call(['create', '--pull', 'never', '--name', name, image, 'none'], { signal });
  try {
    await use(name);
  } finally {
    await docker.removeContainers([name]);
  }
}
