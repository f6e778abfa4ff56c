import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';

export interface ArchivedImage {
  /** Name and tag. */
  readonly tag: string;
  /** Files, lowest layer first. */
  readonly layers: readonly string[];
  /** `Entrypoint`, `Env`, `Labels`… */
  readonly config: Readonly<Record<string, unknown>>;
}

/** Writes configs and manifest of a `docker save` archive: https://github.com/moby/docker-image-spec/blob/main/v1.2.md */
export async function writeManifest(folder: string, images: readonly ArchivedImage[]): Promise<void> {
  const digests = new Map<string, string>();
  const manifest = [];
  for (const [index, { tag, layers, config }] of images.entries()) {
    for (const layer of layers) if (!digests.has(layer)) digests.set(layer, await digest(join(folder, layer)));
    const file = `image-${index}.json`;
    const image = {
      architecture: process.arch === 'x64' ? 'amd64' : process.arch,
      os: 'linux',
      created: new Date().toISOString(),
      config,
      rootfs: { type: 'layers', diff_ids: layers.map((layer) => digests.get(layer)) },
    };
    await writeFile(join(folder, file), JSON.stringify(image));
    manifest.push({ Config: file, RepoTags: [tag], Layers: layers });
  }
  await writeFile(join(folder, 'manifest.json'), JSON.stringify(manifest));
}

async function digest(file: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(file), hash);
  return `sha256:${hash.digest('hex')}`;
}
