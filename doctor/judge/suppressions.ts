import * as z from 'zod';
import { HarnessError } from '../../foundation/node/errors.ts';
import { suggestion } from '../../foundation/node/nearest.ts';
import { readYaml } from '../../foundation/node/read-file.ts';
import { validated, words } from '../../foundation/node/validate.ts';
import { objectText } from '../snapshot/object-name.ts';
import type { Diagnosis, Finding, Suppressed } from './report-schema.ts';

const suppression = z.strictObject({
  check: words,
  /** As in the output, such as `Deployment payments/ledger`. Undefined: every object. */
  object: z.exactOptional(words),
  /** The context of the kubeconfig. Undefined: every cluster. */
  cluster: z.exactOptional(words),
  /** Last day on which it applies, in UTC. */
  until: z.iso.date('a date such as 2026-12-31'),
  reason: words,
});
const file = z.strictObject({ allowed: z.array(suppression) });

/** A finding that people know and accept for a time. */
type Suppression = z.infer<typeof suppression>;

/** Reads a file of suppressions, in the form of a gate (docs/ci.md). Throws `HarnessError` BAD_FILE. */
export function readSuppressions(path: string, checkIds: readonly string[]): readonly Suppression[] {
  const { allowed } = validated(
    file,
    readYaml(path, 'File of suppressions'),
    (problem) => `${path} is not a valid file of suppressions: ${problem}.`,
  );
  const unknown = allowed.find(({ check }) => !checkIds.includes(check));
  if (unknown !== undefined)
    throw new HarnessError(
      'BAD_FILE',
      `${path} names unknown check ${unknown.check}: ${suggestion(unknown.check, checkIds)}`,
    );
  return allowed;
}

/** Takes accepted findings out of a diagnosis. `today`: in UTC, such as `2026-12-31`. */
export function suppress(diagnosis: Diagnosis, suppressions: readonly Suppression[], today: string): Suppressed {
  const used = new Set<Suppression>();
  const findings: Finding[] = [];
  const suppressed: Suppressed['suppressed'][number][] = [];
  for (const finding of diagnosis.findings) {
    const entry = suppressions.find((one) => matches(one, finding));
    if (entry !== undefined) used.add(entry);
    if (entry === undefined || today > entry.until) findings.push(finding);
    else suppressed.push({ ...finding, until: entry.until, reason: entry.reason });
  }
  const warnings = suppressions.flatMap((entry) => {
    const { check, object, until } = entry;
    const name = `The suppression of ${check}${object === undefined ? '' : ` for ${object}`}`;
    if (!used.has(entry)) return [`${name} matches no finding. Remove it.`];
    return today > until ? [`${name} ended on ${until}.`] : [];
  });
  return { ...diagnosis, findings, suppressed, warnings };
}

const matches = ({ check, object, cluster }: Suppression, finding: Finding): boolean =>
  check === finding.check &&
  (object === undefined || object === objectText(finding.object)) &&
  (cluster === undefined || cluster === finding.cluster);
