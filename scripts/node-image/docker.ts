import { HarnessError } from '../../foundation/node/errors.ts';
import { ask } from './tool.ts';

/** Image label that contains the recipe's hash. */
export const HASH_LABEL = 'eks-pod-identity-conformance.recipe';

/** Returns the engine's data folder. Throws HarnessError if docker or an engine is missing. */
export async function engineFolder(): Promise<string> {
  const { status, output, errors, missing } = await ask('docker', ['info', '--format', '{{.DockerRootDir}}']);
  if (missing) {
    throw new HarnessError(
      'PROVISIONING_FAILED',
      'docker is not installed. kind runs nodes as containers. On Debian, run apt-get install docker.io.',
    );
  }
  if (status !== 0 || output === '') {
    const why = errors.split('\n')[0] ?? '';
    throw new HarnessError(
      'PROVISIONING_FAILED',
      `Cannot connect to a Docker engine (${why}). Start one, for example with systemctl start docker, or set DOCKER_HOST.`,
    );
  }
  return output;
}

/** Returns the image's id and recipe hash, or undefined. */
export async function findImage(tag: string): Promise<{ readonly id: string; readonly hash: string } | undefined> {
  const format = `{{.Id}} {{index .Config.Labels "${HASH_LABEL}"}}`;
  const { status, output } = await ask('docker', ['image', 'inspect', '--format', format, tag]);
  const [id = '', hash = ''] = output.split(' ');
  return status === 0 ? { id, hash } : undefined;
}

/** Loads an image, and removes earlier images that lost their tag. */
export async function loadImage(archive: string, signal: AbortSignal): Promise<void> {
  const { status, errors } = await ask('docker', ['load', '--input', archive], signal);
  if (status !== 0) {
    throw new HarnessError(
      'PROVISIONING_FAILED',
      `docker load of ${archive} failed (${errors}). If the file is damaged, use --force.`,
    );
  }
  const filters = ['--filter', 'dangling=true', '--filter', `label=${HASH_LABEL}`];
  const { output } = await ask('docker', ['image', 'ls', '--quiet', '--no-trunc', ...filters]);
  for (const id of output.split('\n').filter((line) => line !== '')) await ask('docker', ['image', 'rm', id]);
}
