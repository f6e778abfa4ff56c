import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Client } from '../client.ts';
import { compiled } from './compiled.ts';
import { toolsFor } from './tool.ts';

export interface GoProgram {
  /** Paths of files of package main, below `clients/`. */
  readonly files: readonly string[];
  readonly modules: (version: string) => Readonly<Record<string, string>>;
}

/** Link statically, so that the program runs in any image, and add missing requirements to `go.mod`. */
const variables = { CGO_ENABLED: '0', GOFLAGS: '-buildvcs=false -mod=mod', GO111MODULE: 'on' };

export const goInstalled =
  ({ files, modules }: GoProgram): Client['install'] =>
  async (release, context) => {
    const tool = toolsFor(release, { needs: 'Go 1.24 or later', minutes: 30 }, context);
    const go = await tool(['go', 'env', 'GOVERSION', 'GOOS', 'GOARCH']);
    const required = Object.entries(modules(release.version)).map(([path, at]) => `require ${path} ${at}`);
    const build = async (folder: string, program: string): Promise<void> => {
      await writeFile(join(folder, 'go.mod'), ['module client', 'go 1.24', ...required, ''].join('\n'));
      await tool(['go', 'build', '-trimpath', '-ldflags=-s -w', '-o', program, '.'], { folder, variables });
    };
    return compiled(release, { files, ingredients: [go, ...required], build }, context);
  };
