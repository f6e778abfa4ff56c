import { copyFile, mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Client } from '../client.ts';
import { cachedFolder } from './cached-folder.ts';
import { contentsOf, copyPrograms } from './program-files.ts';
import { runTool } from './tool.ts';

export interface RustProgram {
  /** Below `clients/`: the one file, `main.rs`. */
  readonly file: string;
  /** Lines of the table `[dependencies]`, with exact versions. */
  readonly dependencies: (version: string) => readonly string[];
}

const NEEDS = 'Rust with cargo (rustup.rs), and a C compiler';

/** Builds a client's program with cargo; what is kept is the program alone. */
export const cargoInstalled =
  ({ file, dependencies }: RustProgram): Client['install'] =>
  async ({ name, version }, context) => {
    const whose = `${name} ${version}`;
    const rust = await runTool({ whose, command: ['rustc', '--version', '--verbose'], needs: NEEDS }, context);
    const manifest = [
      ...['[package]', 'name = "client"', 'version = "0.0.0"', 'edition = "2021"'],
      ...['[[bin]]', 'name = "client"', 'path = "main.rs"'],
      ...['[dependencies]', ...dependencies(version)],
      // It waits for the network: what takes minutes of a compiler saves nothing here.
      ...['[profile.release]', 'opt-level = 0', 'strip = true', ''],
    ].join('\n');
    const folder = await cachedFolder(
      {
        ...{ name, version },
        ingredients: [rust, manifest, ...contentsOf([file])],
        make: async (part) => {
          const source = join(part, 'source');
          await mkdir(source);
          await copyPrograms([file], source);
          await writeFile(join(source, 'Cargo.toml'), manifest);
          context.progress(`Building ${name} ${version} takes some minutes.`);
          const command = ['cargo', 'build', '--release', '--quiet'] as const;
          await runTool({ whose, command, needs: NEEDS, folder: source }, context);
          await copyFile(join(source, 'target', 'release', 'client'), join(part, 'client'));
          await rm(source, { recursive: true });
        },
      },
      context,
    );
    return { folder, command: [join(folder, 'client')] };
  };
