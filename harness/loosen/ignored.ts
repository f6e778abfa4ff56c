import * as z from 'zod';
import { HarnessError } from '../../foundation/node/errors.ts';
import { readText, readYaml } from '../../foundation/node/read-file.ts';
import { validated, words } from '../../foundation/node/validate.ts';
import type { JudgedChange } from './judge.ts';

const entry = z.strictObject({
  /** The id of a change, as in the output. */
  change: words,
  /** Last day on which it applies, in UTC. */
  until: z.iso.date('a date such as 2026-12-31'),
  reason: words,
});
const ignoreFile = z.strictObject({ allowed: z.array(entry) });

/** A change that a team accepts for a time. */
export type IgnoredChange = z.infer<typeof entry>;

/** Reads accepted changes, in the form of a gate (docs/ci.md). Throws `HarnessError` BAD_FILE. */
export const readIgnored = (file: string): readonly IgnoredChange[] =>
  validated(
    ignoreFile,
    readYaml(file, 'The file of ignored changes'),
    (problem) => `${file} is not a valid file of ignored changes: ${problem} (see docs/loosen.md).`,
  ).allowed;

/** Marks accepted changes, and returns warnings about other entries. `today`: in UTC, such as `2026-12-31`. */
export function ignore(judged: readonly JudgedChange[], entries: readonly IgnoredChange[], today: string) {
  const changes = judged.map((one): JudgedChange => {
    const match = entries.find(({ change, until }) => change === one.id && today <= until);
    return match === undefined ? one : { ...one, ignored: { until: match.until, reason: match.reason } };
  });
  const warnings = entries.flatMap(({ change, until }) => {
    if (!judged.some(({ id }) => id === change)) return [`Ignored change ${change} does not exist. Remove it.`];
    return today > until ? [`Ignored change ${change} ended on ${until}.`] : [];
  });
  return { changes, warnings };
}

const report = z.object({ changes: z.array(z.object({ id: z.string(), state: z.string() })) });

/** Marks the changes that an earlier output of `--format json` does not report as open. Throws `HarnessError` BAD_FILE. */
export function since(judged: readonly JudgedChange[], file: string): readonly JudgedChange[] {
  const problemOf = (problem: string): string => `${file} is not an output of loosen --format json: ${problem}.`;
  let value: unknown;
  try {
    value = JSON.parse(readText(file, 'The earlier output'));
  } catch (error) {
    if (error instanceof HarnessError) throw error;
    throw new HarnessError('BAD_FILE', problemOf('it is not JSON'));
  }
  const { changes } = validated(report, value, problemOf);
  const before = new Map(changes.map(({ id, state }) => [id, state]));
  return judged.map((one) => ({ ...one, isNew: before.get(one.id) !== one.state }));
}
