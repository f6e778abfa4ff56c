import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { distFolder } from '../../foundation/node/dist-folder.ts';

export const SUBJECTS = ['emulator', 'agent', 'webhook', 'cluster', 'client'] as const;

/** Flags of faults that only show under load. `npm run detect` skips them. */
export const LOAD_FLAGS = '--suite load';

/** A deliberate defect in a subject, which the suites should notice. */
export interface Fault {
  readonly name: string;
  /** `cluster`: Kubernetes in this process. `client`: the project's client without an SDK. */
  readonly subject: (typeof SUBJECTS)[number];
  /** Changed source folder, relative to the project's root. */
  readonly folder: string;
  /** Description in one sentence. */
  readonly defect: string;
  /** The incident, advisory, issue or changelog entry that the fault imitates. */
  readonly incident: string;
  /** Required option such as `--agent-chart 0.2`, or empty. */
  readonly flags: string;
}

export const defectOf = ({ defect, flags }: Fault): string => (flags === '' ? defect : `${defect} (with ${flags})`);

let read: readonly Fault[] | undefined;

export function catalogue(): readonly Fault[] {
  return (read ??= JSON.parse(readFileSync(join(distFolder(), 'faults', 'catalogue.json'), 'utf8')) as Fault[]);
}
