/** Builds the image of an emulator in a cluster from this package. */
import { createHash } from 'node:crypto';
import { cpSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { JAVASCRIPT } from '../../../components/clients/javascript/index.ts';
import { ClusterError } from '../../../foundation/node/cluster-error.ts';
import { distFolder } from '../../../foundation/node/dist-folder.ts';
import { Docker, DockerError } from '../docker/docker.ts';
import { runProgram } from '../docker/runner.ts';
import { inContainer } from './client-image.ts';
import { ensureComponentImage, type ComponentImageOptions } from './index.ts';
import { inWorkspace } from './workspace.ts';

const REPOSITORY = 'eks-pod-identity-conformance/emulator';
const FILES = ['bin', 'chunks', 'actions.json'];
const SETTINGS = ['ENTRYPOINT ["/usr/local/bin/node","/package/dist/bin/cli/main.js"]', 'USER 1000', 'ENV HOME=/tmp'];

/** Adds this package to the component image, unless it is there. Returns the image's reference. Throws `ClusterError`. */
export async function ensureEmulatorImage(
  options: Pick<ComponentImageOptions, 'base' | 'progress' | 'signal'>,
): Promise<string> {
  const { progress, signal } = options;
  const docker = new Docker(runProgram);
  const components = await ensureComponentImage({ workload: JAVASCRIPT, ...options });
  const dist = distFolder();
  const hash = createHash('sha256').update(JSON.stringify([components, SETTINGS, readdirSync(join(dist, 'chunks'))]));
  const tag = hash
    .update(readFileSync(join(dist, 'bin', 'cli', 'main.js')))
    .digest('hex')
    .slice(0, 16);
  const reference = `${REPOSITORY}:${tag}`;
  if ((await docker.image(reference)) !== undefined) return reference;
  await inWorkspace(async (folder) => {
    const target = join(folder, 'package');
    for (const name of FILES) cpSync(join(dist, name), join(target, 'dist', name), { recursive: true });
    writeFileSync(join(target, 'package.json'), '{ "type": "module" }');
    mkdirSync(join(target, 'dist', 'suites'));
    await inContainer({ docker, signal }, components, async (container) => {
      await docker.call(['cp', target, `${container}:/`], { signal });
      const changes = SETTINGS.flatMap((setting) => ['--change', setting]);
      await docker.call(['commit', ...changes, container, reference], { signal });
    });
  }).catch((error: unknown) => {
    if (!(error instanceof DockerError)) throw error;
    throw new ClusterError('CLUSTER_FAILED', `Docker cannot build the image of the emulator: ${error.message}`);
  });
  progress(`The emulator runs from ${reference}.`);
  return reference;
}
