import * as z from 'zod';
import { HarnessError } from '../../foundation/node/errors.ts';
import { suggestion } from '../../foundation/node/nearest.ts';
import { readYaml } from '../../foundation/node/read-file.ts';
import { declaredId, resultId, scenarioId, validated, words } from '../../foundation/node/validate.ts';
import { fieldProblem, observedSchema, probeSchema, whenSchema } from '../compare/deviations.ts';

/** Allowed failures and known findings of a run (docs/ci.md). */
export interface Gate {
  readonly file: string;
  readonly allowances: readonly Allowance[];
  /** Undefined: findings are not gated. */
  readonly findings: readonly { readonly scenario: string; readonly reason: string }[] | undefined;
}

/** A scenario or probe that may fail temporarily. `listed`: the position in the file. */
export type Allowance = z.infer<typeof allowance> & { readonly listed: string };

const allowance = z
  .strictObject({
    scenario: resultId,
    probe: probeSchema,
    /** Facts of the runs that it applies to; empty: all runs. */
    when: whenSchema.default({}),
    observed: observedSchema.default({ verdict: 'failed' }),
    /** Last day on which it applies, in UTC. */
    until: z.iso.date('a date such as 2026-12-31'),
    reason: words,
    source: z.exactOptional(words),
  })
  .superRefine(({ probe, observed }, context) => {
    for (const [field, value] of Object.entries(observed)) {
      const message =
        field === 'verdict' && (value === 'passed' || value === 'skipped')
          ? `is "${value}", which needs no allowance`
          : fieldProblem(field, value, probe);
      if (message !== undefined) context.addIssue({ code: 'custom', path: ['observed', field], message });
    }
  });

const gate = z.strictObject({
  allowed: z.array(allowance).default([]),
  findings: z.exactOptional(z.array(z.strictObject({ scenario: scenarioId, reason: words }))),
});

/** Reads a gate file (YAML or JSON). Throws `HarnessError` BAD_FILE. */
export function readGate(file: string): Gate {
  const { allowed, findings } = validated(
    gate,
    readYaml(file, 'Gate file'),
    (problem) => `${file} is not a valid gate file: ${problem} (see docs/ci.md).`,
  );
  return { file, allowances: allowed.map((item, index) => ({ ...item, listed: `allowed[${index}]` })), findings };
}

/** Throws `HarnessError` UNKNOWN_SCENARIO if a gate names an unknown scenario. */
export function checkGate(gate: Gate, ids: readonly string[]): void {
  const unknown = unknownScenario(gate, ids);
  if (unknown === undefined) return;
  throw new HarnessError(
    'UNKNOWN_SCENARIO',
    `${gate.file} names unknown scenario ${unknown}: ${suggestion(unknown, ids, undefined, 'remove it, or add its folder with --suites-dir')}`,
  );
}

export const unknownScenario = ({ allowances, findings = [] }: Gate, ids: readonly string[]): string | undefined =>
  [...allowances, ...findings].find(({ scenario }) => !ids.includes(declaredId(scenario)))?.scenario;
