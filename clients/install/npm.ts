import { basename, join } from 'node:path';
import type { Client } from '../client.ts';
import { cachedFolder } from './cached-folder.ts';
import { contentsOf, copyPrograms } from './program-files.ts';
import { runTool } from './tool.ts';

export interface NodeProgram {
  /** Below `clients/`; the first is started. */
  readonly files: readonly [string, ...string[]];
  /** Packages with exact versions, such as `minio@8.0.7`. */
  readonly packages: (version: string) => readonly string[];
}

/** Installs a client's packages with the program beside them; none of their scripts runs. */
export const npmInstalled =
  ({ files, packages }: NodeProgram): Client['install'] =>
  async ({ name, version }, context) => {
    const wanted = packages(version);
    const folder = await cachedFolder(
      {
        ...{ name, version },
        ingredients: [process.version, ...wanted, ...contentsOf(files)],
        make: async (part) => {
          await copyPrograms(files, part);
          const options = ['--prefix', part, '--ignore-scripts', '--no-audit', '--no-fund', '--no-package-lock'];
          const command = ['npm', 'install', ...options, ...wanted] as const;
          await runTool({ whose: `${name} ${version}`, command, needs: 'npm' }, context);
        },
      },
      context,
    );
    return { folder, command: [process.execPath, join(folder, basename(files[0]))] };
  };
