import { commandLine } from '../../foundation/node/command-line.ts';
import { statfs } from 'node:fs/promises';
import { ClusterError } from '../../foundation/node/cluster-error.ts';
import { DockerError, type Docker, type EngineInfo, type ImageInfo } from './docker/docker.ts';

/** Bytes that two nodes and their workloads need. */
const NEEDED_BYTES = 3e9;

/** Returns facts about Docker. Throws `ClusterError` DOCKER_MISSING or DOCKER_NOT_RUNNING. */
export async function checkEngine(docker: Docker): Promise<EngineInfo> {
  try {
    const info = await docker.info();
    if (info.ServerVersion) return info;
    throw new DockerError('it reports no version');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT')
      throw new ClusterError(
        'DOCKER_MISSING',
        'Docker is not installed. Install it (https://docs.docker.com/engine/install), or use --cluster embedded.',
      );
    if (!(error instanceof DockerError)) throw error;
    throw new ClusterError(
      'DOCKER_NOT_RUNNING',
      `Docker does not answer (${error.message}). Start it, and check that you may use it.`,
    );
  }
}

/** Checks the disk of a local engine. Throws `ClusterError` NO_DISK_SPACE. */
export async function checkDiskSpace(
  { DockerRootDir, OperatingSystem }: EngineInfo,
  look: (path: string) => Promise<{ readonly bavail: number; readonly bsize: number }> = (path) => statfs(path),
): Promise<void> {
  if (DockerRootDir === undefined || OperatingSystem === 'Docker Desktop') return;
  const disk = await look(DockerRootDir).catch(() => undefined);
  if (disk === undefined) return;
  const free = disk.bavail * disk.bsize;
  if (free >= NEEDED_BYTES) return;
  throw new ClusterError(
    'NO_DISK_SPACE',
    `Docker's folder ${DockerRootDir} has ${gigabytes(free)} free, but kind clusters need ${gigabytes(NEEDED_BYTES)}. Free space, for example with \`docker system prune\`.`,
  );
}

const gigabytes = (bytes: number): string => `${(bytes / 1e9).toFixed(1)} GB`;

/** Go's names by those of `uname -m`. */
const ARCHITECTURES: Readonly<Record<string, string>> = { x86_64: 'amd64', aarch64: 'arm64' };

/** Finds or pulls the image of a flag. Throws IMAGE_MISSING, or IMAGE_BROKEN for another architecture. */
export async function checkImage(
  docker: Docker,
  engine: EngineInfo,
  flag: string,
  reference: string,
  signal: AbortSignal,
): Promise<ImageInfo> {
  const image = (await docker.image(reference)) ?? (await pull(docker, flag, reference, signal));
  const architecture = ARCHITECTURES[engine.Architecture ?? ''] ?? engine.Architecture;
  if (image.Os !== 'linux' || (architecture !== undefined && image.Architecture !== architecture))
    throw new ClusterError(
      'IMAGE_BROKEN',
      `Image ${reference} (--${flag}) is for ${image.Os}/${image.Architecture}, but the local Docker runs linux/${architecture}. Name an image for that.`,
    );
  return image;
}

async function pull(docker: Docker, flag: string, reference: string, signal: AbortSignal): Promise<ImageInfo> {
  let reason = 'it disappeared after the pull';
  try {
    await docker.call(['pull', '--quiet', reference], { signal });
    const image = await docker.image(reference);
    if (image !== undefined) return image;
  } catch (error) {
    if (!(error instanceof DockerError)) throw error;
    reason = error.message;
  }
  throw new ClusterError(
    'IMAGE_MISSING',
    `Image ${reference} (--${flag}) is missing and cannot be pulled (${reason}). ${flag === 'kind-image' ? `Build one with \`${commandLine('kind-node-image')}\`` : 'Build it'}, or name another.`,
  );
}
