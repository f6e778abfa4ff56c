import * as z from 'zod';
import { suggestion } from '../../foundation/node/nearest.ts';
import { readYaml } from '../../foundation/node/read-file.ts';
import { scalar, scenarioId, validated, whole, words } from '../../foundation/node/validate.ts';
import { PROBE_VERDICTS, VERDICTS } from '../results/results-schema.ts';
import { FIELDS, type Difference, type Value } from './differences.ts';
import type { Side } from '../results/read-results.ts';

/** A known difference with its reason (docs/compare.md). `listed`: file and position. */
export type Deviation = z.infer<typeof deviation> & { readonly listed: string };

/** Reads a YAML or JSON file of known deviations. Throws `HarnessError` BAD_FILE. */
export function readDeviations(path: string): readonly Deviation[] {
  const { deviations } = validated(
    file,
    readYaml(path, 'Deviations file'),
    (problem) => `${path} is not a list of known deviations: ${problem} (docs/compare.md describes the format).`,
  );
  return deviations.map((item, index) => ({ ...item, listed: `${path}, deviations[${index}]` }));
}

const text = z.string().nullable();

/** The observed values of a probe or a scenario: `FIELDS` and `facts.<name>`. */
export const observedSchema = z
  .object({
    verdict: z.enum(VERDICTS),
    outcome: text,
    layer: text,
    code: text,
    status: whole(0).nullable(),
    identity: text,
  })
  .partial()
  .catchall(scalar.nullable())
  .refine((fields) => Object.keys(fields).length > 0, 'must name a field') as z.ZodType<
  Readonly<Record<string, Value>>
>;

/** Facts that a run must have, by name; `*` matches any text. */
export const whenSchema = z
  .record(z.string(), words)
  .refine((facts) => Object.keys(facts).length > 0, 'must name a fact of the run, such as cluster');

/** Number of a probe: from 1 in a file and in reports, from 0 once read. Null: the whole scenario. */
export const probeSchema = whole(1)
  .transform((number) => number - 1)
  .nullable()
  .default(null);

const side = z.strictObject({ when: whenSchema, observed: observedSchema });

const deviation = z
  .strictObject({
    scenario: scenarioId,
    probe: probeSchema,
    /** In either order. */
    sides: z.tuple([side, side], 'a list of two'),
    reason: words,
    source: words,
  })
  .superRefine(({ probe, sides }, context) => {
    const wrong = (message: string, ...place: readonly (string | number)[]): void =>
      context.addIssue({ code: 'custom', path: ['sides', ...place], message });
    for (const [index, { observed }] of sides.entries())
      for (const [field, value] of Object.entries(observed)) {
        const problem = fieldProblem(field, value, probe);
        if (problem !== undefined) wrong(problem, index, 'observed', field);
        else if (!Object.hasOwn(sides[1 - index]?.observed ?? {}, field)) wrong(`must have ${field} on both sides`);
        else if (sides[1 - index]?.observed[field] === value) wrong(`have the same ${field}, which is not a deviation`);
      }
  });

/** Returns why a field cannot have this value, as words after its name; undefined if it can. */
export function fieldProblem(field: string, value: Value, probe: number | null): string | undefined {
  if (probe === null)
    return field === 'verdict' ? undefined : 'requires a probe: a scenario as a whole only has the field verdict';
  if (field === 'verdict' && value === 'skipped') return `must be one of ${PROBE_VERDICTS.join(', ')}, not "skipped"`;
  if (/^facts\../.test(field) || (FIELDS as readonly string[]).includes(field)) return undefined;
  return `is not a field: ${suggestion(field, [...FIELDS, 'facts.<name>']).replace(/\.$/, '')}`;
}

const file = z.strictObject({ deviations: z.array(deviation) });

/** Returns the deviation's sides, A's first, in each order that fits the runs; none if it does not apply. */
function orders({ sides }: Deviation, a: Side, b: Side): readonly Deviation['sides'][] {
  const [first, second] = sides;
  const both: readonly Deviation['sides'][] = [sides, [second, first]];
  return both.filter(([ofA, ofB]) => fits(ofA, a) && fits(ofB, b));
}

export const fits = ({ when }: Pick<z.infer<typeof side>, 'when'>, { facts }: Pick<Side, 'facts'>): boolean =>
  Object.entries(when).every(([name, pattern]) => Object.hasOwn(facts, name) && matches(pattern, facts[name] ?? ''));

function matches(pattern: string, value: string): boolean {
  const parts = pattern.split('*').map((part) => part.replaceAll(/[\\^$.*+?()[\]{}|/]/g, '\\$&'));
  return new RegExp(`^${parts.join('.*')}$`, 's').test(value);
}

export const isAbout = (deviation: Deviation, a: Side, b: Side): boolean => orders(deviation, a, b).length > 0;

export function explains(
  deviation: Deviation,
  scenario: string,
  { probe, field, ...values }: Difference,
  a: Side,
  b: Side,
): boolean {
  return (
    deviation.scenario === scenario &&
    deviation.probe === probe &&
    orders(deviation, a, b).some(
      ([ofA, ofB]) =>
        Object.hasOwn(ofA.observed, field) && ofA.observed[field] === values.a && ofB.observed[field] === values.b,
    )
  );
}
