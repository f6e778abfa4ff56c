import { mkdir, symlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { execa } from 'execa';

/** Paths of the libraries and the loader of a program, as `ldd` lists them; none of one that is linked statically. */
export function librariesIn(lddOutput: string): readonly string[] {
  return [...lddOutput.matchAll(/^.*\s(\/\S+) \(0x[0-9a-f]+\)$/gm)].map(([, path = '']) => path);
}

/**
 * Makes `machine/` in a folder: this machine's Node and the libraries that it loads, as links to where they are.
 *
 * @returns false where this machine's Node is of no use in an image, since it is not Linux
 */
export async function stageMachineNode(folder: string): Promise<boolean> {
  if (process.platform !== 'linux') return false;
  const { stdout } = await execa('ldd', [process.execPath], { reject: false });
  const link = async (target: string, path: string): Promise<void> => {
    await mkdir(dirname(path), { recursive: true });
    await symlink(target, path);
  };
  const machine = join(folder, 'machine');
  await link(process.execPath, join(machine, 'usr', 'local', 'bin', 'node'));
  for (const library of new Set(librariesIn(stdout ?? ''))) await link(library, join(machine, library));
  return true;
}
