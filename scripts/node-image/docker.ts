import { HarnessError } from '../../foundation/node/errors.ts';
import { ask } from './tool.ts';

/** Label of the node image: the hash of what it was built from. */
export const HASH_LABEL = 'eks-pod-identity-conformance.recipe';

/** Folder of the engine's images. @throws HarnessError when there is no docker, or no engine answers */
export async function engineFolder(): Promise<string> {
  const { status, output, errors, missing } = await ask('docker', ['info', '--format', '{{.DockerRootDir}}']);
  if (missing) {
    throw new HarnessError(
      'PROVISIONING_FAILED',
      'docker is not installed, and a kind node is a container: on Debian, apt-get install docker.io.',
    );
  }
  if (status !== 0 || output === '') {
    const why = errors.split('\n')[0] ?? '';
    throw new HarnessError(
      'PROVISIONING_FAILED',
      `No Docker engine answers (${why}): start one, as with systemctl start docker, or set DOCKER_HOST.`,
    );
  }
  return output;
}

/** The image of a tag: its id and the hash in its label; undefined where there is none. */
export async function findImage(tag: string): Promise<{ readonly id: string; readonly hash: string } | undefined> {
  const format = `{{.Id}} {{index .Config.Labels "${HASH_LABEL}"}}`;
  const { status, output } = await ask('docker', ['image', 'inspect', '--format', format, tag]);
  const [id = '', hash = ''] = output.split(' ');
  return status === 0 ? { id, hash } : undefined;
}

/**
 * Gives the engine an image of an archive. Its tag comes last, so that no half image ever has it. Images that had the tag
 * before are removed, unless a container uses them.
 */
export async function loadImage(archive: string, signal: AbortSignal): Promise<void> {
  const { status, errors } = await ask('docker', ['load', '--input', archive], signal);
  if (status !== 0) {
    throw new HarnessError(
      'PROVISIONING_FAILED',
      `docker load of ${archive} failed (${errors}): run it again with --force if the file is damaged.`,
    );
  }
  const filters = ['--filter', 'dangling=true', '--filter', `label=${HASH_LABEL}`];
  const { output } = await ask('docker', ['image', 'ls', '--quiet', '--no-trunc', ...filters]);
  for (const id of output.split('\n').filter((line) => line !== '')) await ask('docker', ['image', 'rm', id]);
}
