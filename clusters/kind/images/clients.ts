/** Copies this machine's installed clients into the workload program's image. */
import { existsSync, readdirSync } from 'node:fs';
import { cp, mkdir, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { rootCertificates } from 'node:tls';
import { execa } from 'execa';
import type { ChosenClient, Runtime } from '../../../components/clients/client.ts';
import {
  CLIENTS_FOLDER,
  LIBRARIES_FOLDER,
  LOADER,
  runtimeFolder,
  runtimeProgram,
} from '../../../components/clients/in-image.ts';
import { link } from './workspace.ts';

/** Returns the paths in `ldd`'s output; none for a static program. */
export function librariesIn(lddOutput: string): readonly string[] {
  return [...lddOutput.matchAll(/^.*\s(\/\S+) \(0x[0-9a-f]+\)$/gm)].map(([, path = '']) => path);
}

/** Hashes the folder names, which contain hashes of the contents. */
export const clientsDigest = (clients: readonly ChosenClient[] = []): string =>
  clients.map(({ label, installed }) => `${label}=${basename(installed?.folder ?? '')}`).join();

/** Copies clients and their runtimes to the root folder of an image. */
export async function stageClients(clients: readonly ChosenClient[], root: string): Promise<void> {
  const all = clients.flatMap(({ label, installed }) => (installed === undefined ? [] : [{ label, installed }]));
  if (all.length === 0) return;
  for (const { label, installed } of all) await link(installed.folder, join(root, CLIENTS_FOLDER, label));
  // Some clients do not start without certificates at Debian's path.
  const certificates = join(root, 'etc', 'ssl', 'certs', 'ca-certificates.crt');
  await mkdir(dirname(certificates), { recursive: true });
  await writeFile(certificates, rootCertificates.join('\n'));
  const runtimes = new Map(all.flatMap(({ installed: { runtime } }) => (runtime ? [[runtime.name, runtime]] : [])));
  const loaded = all.filter(({ installed }) => installed.runtime ?? installed.isLinkedDynamically);
  const programs = loaded.flatMap(({ installed }) => [installed.command[0], ...modulesBelow(installed.folder)]);
  for (const runtime of runtimes.values()) programs.push(...(await stageRuntime(runtime, root)));
  for (const library of await librariesOf([...new Set(programs)])) {
    const isLoader = basename(library).startsWith('ld-');
    await link(library, join(root, isLoader ? LOADER : join(LIBRARIES_FOLDER, basename(library))));
  }
}

/** Half of a runtime's size, and not needed to run programs. */
const LEFT_OUT = new Set([
  ...['test', 'tests', 'idlelib', 'tkinter', 'turtledemo', 'ensurepip', 'site-packages', '__pycache__'],
  ...['src.zip', 'ct.sym'],
]);

async function stageRuntime(runtime: Runtime, root: string): Promise<readonly string[]> {
  const { name, program, home } = runtime;
  await link(program, join(root, runtimeProgram(runtime)));
  const lib = join(home, 'lib');
  const parts = name === 'java' ? ['lib', 'conf'] : readdirSync(lib).flatMap(pythonLibrary);
  const filter = (path: string): boolean =>
    !LEFT_OUT.has(basename(path)) && !basename(path).startsWith('config-') && existsSync(path);
  for (const part of parts)
    await cp(join(home, part), join(root, runtimeFolder(runtime), part), {
      recursive: true,
      filter,
      dereference: true,
    });
  return parts.flatMap((part) => modulesBelow(join(home, part)));
}

const pythonLibrary = (name: string): string[] => (/^python3\.\d+$/.test(name) ? [join('lib', name)] : []);

const modulesBelow = (folder: string): readonly string[] =>
  readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => /\.so(\.\d+)*$/.test(name))
    .map((name) => join(folder, name));

/** Returns the libraries of programs, each name once. */
async function librariesOf(programs: readonly string[]): Promise<readonly string[]> {
  const { stdout } = await execa('ldd', programs, { reject: false });
  const all = librariesIn(stdout ?? '').filter((path) => !programs.includes(path));
  return [...new Map(all.toReversed().map((path) => [basename(path), path])).values()];
}
