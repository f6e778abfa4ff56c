import { rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Client } from '../client.ts';
import { compiled } from './compiled.ts';
import { toolsFor } from './tool.ts';

export interface RustProgram {
  /** Path of the only file, `main.rs`, below `clients/`. */
  readonly file: string;
  /** Returns the lines of the table `[dependencies]`, with exact versions. */
  readonly dependencies: (version: string) => readonly string[];
}

const NEEDS = 'Rust with cargo (rustup.rs), and a C compiler';

export const cargoInstalled =
  ({ file, dependencies }: RustProgram): Client['install'] =>
  async (release, context) => {
    const tool = toolsFor(release, { needs: NEEDS, minutes: 60 }, context);
    const rust = await tool(['rustc', '--version', '--verbose']);
    const manifest = [
      ...['[package]', 'name = "client"', 'version = "0.0.0"', 'edition = "2021"'],
      ...['[[bin]]', 'name = "client"', 'path = "main.rs"'],
      ...['[dependencies]', ...dependencies(release.version)],
      // The program mostly waits for the network, so optimization is not worth minutes of compilation.
      ...['[profile.release]', 'opt-level = 0', 'panic = "abort"', 'strip = true', ''],
    ].join('\n');
    const build = async (folder: string, program: string): Promise<void> => {
      await writeFile(join(folder, 'Cargo.toml'), manifest);
      await tool(['cargo', 'build', '--release'], { folder, variables: { CARGO_TARGET_DIR: 'target' } });
      await rename(join(folder, 'target', 'release', 'client'), program);
    };
    return compiled(
      release,
      { files: [file], ingredients: [rust, manifest], isLinkedDynamically: true, build },
      context,
    );
  };
