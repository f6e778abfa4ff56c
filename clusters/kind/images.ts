import { join } from 'node:path';
import { checkImage } from './checks.ts';
import type { NodeImages } from './context.ts';
import type { Docker, EngineInfo, ImageInfo } from './docker.ts';
import { ensureComponentImage } from './images/index.ts';
import type { KindOptions } from './options.ts';

export interface PreparedImages {
  readonly images: NodeImages;
  /** By references. */
  readonly imageInfo: ReadonlyMap<string, ImageInfo>;
}

/** Finds the images that are named, and makes the project's own where none is. Throws `ClusterError`. */
export async function prepareImages(docker: Docker, engine: EngineInfo, options: KindOptions): Promise<PreparedImages> {
  const { images, progress, signal } = options;
  const named = [
    ['kind-image', images.node],
    ['agent-image', images.agent],
    ['webhook-image', images.webhook],
    ['workload-image', images.workload],
  ] as const;
  const imageInfo = new Map<string, ImageInfo>();
  const look = async (flag: string, reference: string): Promise<void> => {
    imageInfo.set(reference, await checkImage(docker, engine, flag, reference, signal));
  };
  await Promise.all(named.map(async ([flag, reference]) => reference !== undefined && look(flag, reference)));
  const { agent, webhook, workload } = images;
  if (agent !== undefined && webhook !== undefined && workload !== undefined)
    return { images: { agent, webhook, workload }, imageInfo };
  const own = await ensureComponentImage({
    ...(images.base !== undefined && { base: images.base }),
    fallbackBases: images.node === undefined ? [] : [images.node],
    progress,
    signal,
  });
  await look('image-base', own);
  return { images: { agent: agent ?? own, webhook: webhook ?? own, workload: workload ?? own }, imageInfo };
}

/** Writes the images into one archive, in which what they share is there once. */
export async function saveImages(
  docker: Docker,
  { agent, webhook, workload }: NodeImages,
  folder: string,
  signal: AbortSignal,
): Promise<string> {
  const archive = join(folder, 'images.tar');
  await docker.call(['save', '--output', archive, ...new Set([agent, webhook, workload])], { signal });
  return archive;
}
