/** Clients in the image of the workload program: as they are installed on this machine, with the Python that starts them. */
import { readdirSync } from 'node:fs';
import { cp } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { execa } from 'execa';
import type { ChosenClient } from '../../../clients/client.ts';
import { CLIENTS_FOLDER, LIBRARIES_FOLDER, LOADER, PYTHON_FOLDER } from '../../../clients/in-image.ts';
import { link } from './workspace.ts';

/** Paths of the libraries and the loader of a program, as `ldd` lists them; none of one that is linked statically. */
export function librariesIn(lddOutput: string): readonly string[] {
  return [...lddOutput.matchAll(/^.*\s(\/\S+) \(0x[0-9a-f]+\)$/gm)].map(([, path = '']) => path);
}

/** What the content of clients' folders goes by: their names have hashes of all that they are made of. */
export const clientsDigest = (clients: readonly ChosenClient[] = []): string =>
  clients.map(({ label, installed }) => `${label}=${basename(installed?.folder ?? '')}`).join();

/** Puts clients into a folder that stands for the root of an image. */
export async function stageClients(clients: readonly ChosenClient[], root: string): Promise<void> {
  for (const { label, installed } of clients)
    if (installed !== undefined) await link(installed.folder, join(root, CLIENTS_FOLDER, label));
  const python = clients.flatMap(({ installed }) => installed?.python ?? [])[0];
  if (python !== undefined) await stagePython(python, clients, root);
}

/** Not needed to run programs, and a good half of all. */
const LEFT_OUT = new Set([
  'test',
  'tests',
  'idlelib',
  'tkinter',
  'turtledemo',
  'ensurepip',
  'site-packages',
  '__pycache__',
]);

async function stagePython(
  { program, home }: NonNullable<NonNullable<ChosenClient['installed']>['python']>,
  clients: readonly ChosenClient[],
  root: string,
): Promise<void> {
  const folder = join(root, PYTHON_FOLDER);
  const version = readdirSync(join(home, 'lib')).find((name) => /^python3\.\d+$/.test(name)) ?? 'python3';
  await link(program, join(folder, 'bin', 'python3'));
  const filter = (path: string): boolean => !LEFT_OUT.has(basename(path)) && !basename(path).startsWith('config-');
  await cp(join(home, 'lib', version), join(folder, 'lib', version), { recursive: true, filter, dereference: true });
  const folders = [join(folder, 'lib', version), ...clients.flatMap(({ installed }) => installed?.folder ?? [])];
  const modules = folders.flatMap(modulesBelow);
  for (const library of await librariesOf([program, ...modules])) {
    const isLoader = basename(library).startsWith('ld-');
    await link(library, join(root, isLoader ? LOADER : join(LIBRARIES_FOLDER, basename(library))));
  }
}

const modulesBelow = (folder: string): readonly string[] =>
  readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => /\.so(\.\d+)*$/.test(name))
    .map((name) => join(folder, name));

/** Each once; of those with one name, the first. */
async function librariesOf(programs: readonly string[]): Promise<readonly string[]> {
  const { stdout } = await execa('ldd', programs, { reject: false });
  const all = librariesIn(stdout ?? '').filter((path) => !programs.includes(path));
  return [...new Map(all.toReversed().map((path) => [basename(path), path])).values()];
}
