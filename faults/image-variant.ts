/**
 * What the switched build has in place of `foundation/dist-folder.ts`: with faults on, the component image is a variant, whose
 * agent and webhook are those of the switched build and know of the faults.
 */
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { FAULTS_ON, switchingOn } from './switch.ts';

let variant: string | undefined;

/** The built package; with faults on, a copy of what images are made of, which is removed when the process ends. */
export function distFolder(): string {
  const here = `${dirname(fileURLToPath(import.meta.url))}/`;
  const dist = here.slice(0, here.lastIndexOf('/dist/') + '/dist'.length);
  return FAULTS_ON.size === 0 ? dist : (variant ??= madeVariant(dist, [...FAULTS_ON].sort()));
}

function madeVariant(dist: string, faults: readonly string[]): string {
  const folder = mkdtempSync(join(tmpdir(), 'eks-pod-identity-conformance-faults-'));
  process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
  for (const name of readdirSync(dist)) if (name !== 'image') symlinkSync(join(dist, name), join(folder, name));
  mkdirSync(join(folder, 'image'));
  cpSync(join(dist, 'image', 'collect.sh'), join(folder, 'image', 'collect.sh'));
  cpSync(join(dist, 'faults', 'image', 'root'), join(folder, 'image', 'root'), { recursive: true });
  for (const name of readdirSync(join(folder, 'image', 'root'))) {
    const path = join(folder, 'image', 'root', name);
    writeFileSync(path, readFileSync(path, 'utf8').replace('\n', `\n${switchingOn(faults)}\n`));
  }
  return folder;
}
