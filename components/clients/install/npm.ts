import { basename, join } from 'node:path';
import type { Client } from '../client.ts';
import { cachedFolder, PROGRAM } from './cached-folder.ts';
import { toolsFor } from './tool.ts';

export interface NodeProgram {
  /** Paths of files below `clients/`. The first is the program. */
  readonly files: readonly [string, ...string[]];
  /** Returns packages with exact versions, such as `minio@8.0.7`. */
  readonly packages: (version: string) => readonly string[];
}

const OPTIONS = [
  ...['--ignore-scripts', '--no-audit', '--no-fund', '--no-package-lock'],
  // Without a network, the defaults take minutes.
  ...['--fetch-retries', '1', '--fetch-retry-mintimeout', '2000'],
];

/** Installs a client's packages without running their scripts. */
export const npmInstalled =
  ({ files, packages }: NodeProgram): Client['install'] =>
  async (release, context) => {
    const tool = toolsFor(release, { needs: 'npm', minutes: 15 }, context);
    const wanted = packages(release.version);
    const make = (folder: string) => tool(['npm', 'install', '--prefix', folder, ...OPTIONS, ...wanted]);
    const folder = await cachedFolder(
      release,
      { files, ingredients: [process.version, ...OPTIONS, ...wanted], make },
      context,
    );
    return { folder, command: [process.execPath, join(folder, PROGRAM, basename(files[0]))] };
  };
