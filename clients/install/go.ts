import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Client } from '../client.ts';
import { cachedFolder } from './cached-folder.ts';
import { contentsOf, copyPrograms } from './program-files.ts';
import { runTool } from './tool.ts';

export interface GoProgram {
  /** Below `clients/`, of package main. */
  readonly files: readonly string[];
  /** Modules with their versions: those that the program imports. */
  readonly modules: (version: string) => Readonly<Record<string, string>>;
}

const NEEDS = 'Go 1.24 or later';
/** Linked statically, so that it runs in any image. */
const VARIABLES = { CGO_ENABLED: '0', GOFLAGS: '-buildvcs=false -mod=mod', GO111MODULE: 'on' };

/** Builds a client's program with its modules; what is kept is the program alone. */
export const goInstalled =
  ({ files, modules }: GoProgram): Client['install'] =>
  async ({ name, version }, context) => {
    const whose = `${name} ${version}`;
    const go = await runTool({ whose, command: ['go', 'env', 'GOVERSION', 'GOOS', 'GOARCH'], needs: NEEDS }, context);
    const required = Object.entries(modules(version)).map(([path, at]) => `require ${path} ${at}`);
    const folder = await cachedFolder(
      {
        ...{ name, version },
        ingredients: [go, ...required, ...contentsOf(files)],
        make: async (part) => {
          const source = join(part, 'source');
          await copyPrograms(files, source);
          await writeFile(join(source, 'go.mod'), ['module client', 'go 1.24', ...required, ''].join('\n'));
          const tool = (command: readonly [string, ...string[]]): Promise<string> =>
            runTool({ whose, command, needs: NEEDS, folder: source, variables: VARIABLES }, context);
          await tool(['go', 'mod', 'tidy']);
          await tool(['go', 'build', '-trimpath', '-ldflags=-s -w', '-o', join(part, 'client'), '.']);
        },
      },
      context,
    );
    return { folder, command: [join(folder, 'client')] };
  };
