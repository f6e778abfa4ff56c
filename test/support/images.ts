import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Writes the parts of dist/ that the component image needs to a folder. */
export function distOf(folder: string): void {
  mkdirSync(join(folder, 'image', 'root'), { recursive: true });
  mkdirSync(join(folder, 'probe'));
  for (const name of ['go-runner', 'eks-pod-identity-agent', 'webhook']) {
    writeFileSync(join(folder, 'image', 'root', name), name);
  }
  writeFileSync(join(folder, 'image', 'collect.sh'), 'exit 0');
  for (const name of ['launch.cjs', 'probe.cjs', 'sdk.cjs', 'sdk-s3.cjs', 'warm.mjs']) {
    writeFileSync(join(folder, 'probe', name), name);
  }
}
