import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { distFolder } from '../foundation/dist-folder.ts';

export const SUBJECTS = ['emulator', 'agent', 'webhook', 'cluster', 'client'] as const;

/** A defect that can be put into a subject on purpose, to see that a suite notices it. */
export interface Fault {
  readonly name: string;
  /** `cluster` is the Kubernetes in a process, `client` the project's own client without an SDK. */
  readonly subject: (typeof SUBJECTS)[number];
  /** What is wrong then, in a sentence. */
  readonly defect: string;
}

let read: readonly Fault[] | undefined;

/** The catalogue of faults, as the build that has their switches lists them. */
export function catalogue(): readonly Fault[] {
  return (read ??= JSON.parse(readFileSync(join(distFolder(), 'faults', 'catalogue.json'), 'utf8')) as Fault[]);
}
