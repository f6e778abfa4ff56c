/** Replaces `foundation/node/dist-folder.ts` in the switched build, so that images and the raw client contain the faults that are on. */
import {
  chmodSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { FAULTS_ON, switchingOn } from './switch.ts';

const PROGRAMS = ['image/root', 'clients'];

let variant: string | undefined;

/** Returns the dist folder. If faults are on, returns a temporary copy of it. */
export function distFolder(): string {
  const here = `${dirname(fileURLToPath(import.meta.url))}/`;
  const dist = here.slice(0, here.lastIndexOf('/dist/') + '/dist'.length);
  return FAULTS_ON.size === 0 ? dist : (variant ??= madeVariant(dist, [...FAULTS_ON].sort()));
}

function madeVariant(dist: string, faults: readonly string[]): string {
  const folder = mkdtempSync(join(tmpdir(), 'eks-pod-identity-conformance-faults-'));
  // Pods of other users run their programs in this folder.
  chmodSync(folder, 0o755);
  process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
  for (const name of readdirSync(dist))
    if (name !== 'image' && name !== 'clients') symlinkSync(join(dist, name), join(folder, name));
  mkdirSync(join(folder, 'image'));
  cpSync(join(dist, 'image', 'collect.sh'), join(folder, 'image', 'collect.sh'));
  cpSync(join(dist, 'clients'), join(folder, 'clients'), { recursive: true });
  for (const programs of PROGRAMS) {
    cpSync(join(dist, 'faults', programs), join(folder, programs), { recursive: true });
    for (const name of readdirSync(join(dist, 'faults', programs))) switchOn(join(folder, programs, name), faults);
  }
  return folder;
}

/** Inserts the faults into a program, after its `#!` line. */
function switchOn(path: string, faults: readonly string[]): void {
  const [, start = '', code = ''] = /^(#!.*\n)?([^]*)$/.exec(readFileSync(path, 'utf8')) ?? [];
  writeFileSync(path, `${start}${switchingOn(faults)}\n${code}`);
}
