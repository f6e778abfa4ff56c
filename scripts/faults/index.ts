import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { distFolder } from '../../foundation/node/dist-folder.ts';

export const SUBJECTS = ['emulator', 'agent', 'webhook', 'cluster', 'client'] as const;

/** Flags of the faults that only load shows. `npm run detect` makes no load, so it leaves these out. */
export const LOAD_FLAGS = '--suite load';

/** A defect that can be put into a subject on purpose, to see that a suite notices it. */
export interface Fault {
  readonly name: string;
  /** `cluster` is the Kubernetes in a process, `client` the project's own client without an SDK. */
  readonly subject: (typeof SUBJECTS)[number];
  /** The source folder that it changes, from the root of the project. */
  readonly folder: string;
  /** What is wrong, in a sentence. */
  readonly defect: string;
  /** The incident, advisory, issue or changelog line that it stands for. */
  readonly incident: string;
  /** The option without which no scenario shows it, such as `--agent-chart 0.2`. Empty: none. */
  readonly flags: string;
}

/** What is wrong with a fault, and the option that a run needs to show it. */
export const defectOf = ({ defect, flags }: Fault): string => (flags === '' ? defect : `${defect} (with ${flags})`);

let read: readonly Fault[] | undefined;

/** The catalogue of faults, as the build that has their switches lists them. */
export function catalogue(): readonly Fault[] {
  return (read ??= JSON.parse(readFileSync(join(distFolder(), 'faults', 'catalogue.json'), 'utf8')) as Fault[]);
}
