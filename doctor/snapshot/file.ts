import { closeSync, fchmodSync, openSync, writeFileSync } from 'node:fs';
import * as z from 'zod';
import { commandLine } from '../../foundation/node/command-line.ts';
import { HarnessError, unreadable } from '../../foundation/node/errors.ts';
import { readValidJson } from '../../foundation/node/validate.ts';
import { SNAPSHOT_VERSION, type Snapshot } from './snapshot.ts';

/** Only the owner may read a snapshot: names of accounts, roles and images are nobody else's business. */
const OWNER_ONLY = 0o600;

/** Writes a snapshot. Throws `HarnessError` BAD_FILE. */
export function writeSnapshot(file: string, snapshot: Snapshot): void {
  try {
    const descriptor = openSync(file, 'w', OWNER_ONLY);
    try {
      // The file may have existed.
      fchmodSync(descriptor, OWNER_ONLY);
      writeFileSync(descriptor, `${JSON.stringify(snapshot, undefined, 1)}\n`);
    } finally {
      closeSync(descriptor);
    }
  } catch (error) {
    throw bad(`The snapshot ${file} cannot be written (${unreadable(error)}). Check the path.`);
  }
}

/** Reads a snapshot. Throws `HarnessError` BAD_FILE. */
export function readSnapshot(file: string): Snapshot {
  const take = `Take one with ${commandLine('doctor', '--save FILE')}.`;
  const say = (problem: string): string => `${file} is not a snapshot: ${problem}. ${take}`;
  return readValidJson(SNAPSHOT, file, 'The snapshot', say) as unknown as Snapshot;
}

const bad = (message: string): HarnessError => new HarnessError('BAD_FILE', message);

/** The parts without which checks would crash. */
const objects = z.array(z.looseObject({ metadata: z.looseObject({ name: z.string() }) })).optional();
const SNAPSHOT = z.looseObject({
  version: z.literal(SNAPSHOT_VERSION),
  clusters: z.array(
    z.looseObject({
      context: z.string(),
      server: z.string(),
      takenAt: z.iso.datetime(),
      kubernetes: z.looseObject({
        namespaces: objects,
        pods: objects,
        serviceAccounts: objects,
        nodes: objects,
        daemonSets: objects,
        refusedPods: objects,
        networkPolicies: objects,
      }),
      aws: z
        .looseObject({
          region: z.string(),
          roles: z.record(z.string(), z.looseObject({ trustPolicy: z.string() }).nullable()),
          instanceProfiles: z.record(z.string(), z.string()),
        })
        .optional(),
      gaps: z.array(z.looseObject({ right: z.string(), reason: z.string() })),
    }),
  ),
});
