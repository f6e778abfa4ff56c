import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { distFolder } from '../foundation/node/dist-folder.ts';

export const SUBJECTS = ['emulator', 'agent', 'webhook', 'cluster', 'client'] as const;

/** Suites outside of the default selection that alone show some faults. */
export const OWN_SUITES = ['load'] as const;

/** A defect that can be put into a subject on purpose, to see that a suite notices it. */
export interface Fault {
  readonly name: string;
  /** `cluster` is the Kubernetes in a process, `client` the project's own client without an SDK. */
  readonly subject: (typeof SUBJECTS)[number];
  /** What is wrong then, in a sentence. */
  readonly defect: string;
  /** The suite that notices it, where no scenario alone does: `npm run detect` leaves it out. */
  readonly suite?: (typeof OWN_SUITES)[number];
}

/** What is wrong with a fault, and which suite shows it where that is one of its own. */
export const defectOf = ({ defect, suite }: Fault): string =>
  suite === undefined ? defect : `${defect} (suite ${suite})`;

let read: readonly Fault[] | undefined;

/** The catalogue of faults, as the build that has their switches lists them. */
export function catalogue(): readonly Fault[] {
  return (read ??= JSON.parse(readFileSync(join(distFolder(), 'faults', 'catalogue.json'), 'utf8')) as Fault[]);
}
