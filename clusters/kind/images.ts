import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { ClusterError } from '../../foundation/node/cluster-error.ts';
import { checkImage } from './checks.ts';
import type { NodeImages } from './context.ts';
import type { Docker, EngineInfo, ImageInfo } from './docker/docker.ts';
import { ensureClientImage } from './images/client-image.ts';
import { ensureComponentImage } from './images/index.ts';
import type { Resources } from '../../foundation/aws/resources.ts';
import type { KindOptions } from './options.ts';

interface PreparedImages {
  readonly images: NodeImages;
  readonly imageInfo: ReadonlyMap<string, ImageInfo>;
}

/** Finds the given images and builds the others. Throws `ClusterError`. */
export async function prepareImages(docker: Docker, engine: EngineInfo, options: KindOptions): Promise<PreparedImages> {
  const { images, progress, signal } = options;
  const imageInfo = new Map<string, ImageInfo>();
  const look = async (flag: string, reference: string): Promise<void> => {
    imageInfo.set(reference, await checkImage(docker, engine, flag, reference, signal));
  };
  const named = Object.entries({
    kind: images.node,
    agent: images.agent,
    webhook: images.webhook,
    workload: images.workload,
    client: images.client,
    runner: images.runner,
  });
  await Promise.all(named.map(async ([name, image]) => image !== undefined && look(`${name}-image`, image)));
  const { agent, webhook, workload } = images;
  const further = images.runner === undefined ? {} : { runner: images.runner };
  if (agent !== undefined && webhook !== undefined && workload !== undefined && images.client === undefined)
    return { images: { agent, webhook, workload, ...further }, imageInfo };
  if (workload === undefined && options.workload.container === undefined)
    throw new ClusterError(
      'IMAGE_MISSING',
      `This package cannot build an image of the workload program ${options.workload.name}. Name one with --workload-image.`,
    );
  const componentImage = await ensureComponentImage({
    workload: options.workload,
    ...(images.base !== undefined && { base: images.base }),
    fallbackBases: images.node === undefined ? [] : [images.node],
    progress,
    signal,
  });
  await look('image-base', componentImage);
  const ofClient =
    images.client === undefined
      ? undefined
      : await ensureClientImage({ docker, image: images.client, components: componentImage, progress, signal });
  if (ofClient !== undefined) await look('client-image', ofClient);
  return {
    images: {
      agent: agent ?? componentImage,
      webhook: webhook ?? componentImage,
      workload: ofClient ?? workload ?? componentImage,
      ...further,
    },
    imageInfo,
  };
}

const ID = /^(sha256:)?[0-9a-f]{12,64}$/;

/** Tags images given by digest, because Docker's archives only keep tags. Throws `ClusterError` for a nameless image. */
export async function tagImages(
  docker: Docker,
  { images, imageInfo }: PreparedImages,
  run: string,
  resources: Resources,
): Promise<PreparedImages> {
  const info = new Map(imageInfo);
  const tagged = async (name: string, reference: string): Promise<string> => {
    const image = imageInfo.get(reference);
    if (image === undefined) return reference;
    if (ID.test(reference)) {
      const tag = image.RepoTags?.[0];
      if (tag === undefined) throw nameless(reference, name);
      info.set(tag, image);
      return tag;
    }
    if (!reference.includes('@')) return reference;
    const tag = `eks-pod-identity-conformance/${name}:${run}`;
    await resources.make({
      name: `image ${tag}`,
      lives: 'machine',
      entry: { kind: 'docker-image', name: tag },
      make: () => docker.call(['tag', reference, tag]),
      // Removes only the tag.
      remove: () => docker.call(['image', 'rm', '--no-prune', tag]).catch(() => undefined),
    });
    info.set(tag, image);
    return tag;
  };
  const [agent, webhook, workload, runner] = await Promise.all([
    tagged('agent', images.agent),
    tagged('webhook', images.webhook),
    tagged('workload', images.workload),
    images.runner === undefined ? undefined : tagged('runner', images.runner),
  ]);
  return { images: { agent, webhook, workload, ...(runner !== undefined && { runner }) }, imageInfo: info };
}

const nameless = (reference: string, name: string): ClusterError =>
  new ClusterError(
    'IMAGE_BROKEN',
    `Image ${reference} (--${name}-image) has no name for nodes to use. Give it one with \`docker tag\`, and use that name.`,
  );

export const IMAGES = 'images';

/** Writes a single archive, so that shared layers occur only once. */
export async function saveImages(
  docker: Docker,
  images: NodeImages,
  folder: string,
  signal: AbortSignal,
): Promise<string> {
  const archive = join(folder, IMAGES, 'images.tar');
  await mkdir(join(folder, IMAGES), { mode: 0o700 });
  await docker.call(['save', '--output', archive, ...new Set(Object.values(images) as string[])], { signal });
  return archive;
}
