import { HarnessError } from '../../foundation/errors.ts';
import { parse } from 'yaml';
import { suggestion } from '../config/nearest.ts';
import { FIELDS, type Difference, type Value } from './differences.ts';
import shipped from './known-deviations.json' with { type: 'json' };
import { PROBE_VERDICTS, readText, VERDICTS, type Side } from './read-results.ts';
import { list, object, oneOf, record, scalar, scenarioId, text, whole, words } from './shape.ts';

/** A difference that is known, and why it is there (docs/compare.md). */
export interface Deviation {
  /** Where it is listed: a file and the place in it. */
  readonly listed: string;
  readonly scenario: string;
  /** Number of the probe, from 0 (in a file, as in reports for people, from 1); null: of the scenario as a whole. */
  readonly probe: number | null;
  /** In either order. */
  readonly sides: readonly [DeviationSide, DeviationSide];
  /** A sentence. */
  readonly reason: string;
  /** Where it is documented. */
  readonly source: string;
}

export interface DeviationSide {
  /** Facts that a run must have to be this side, by name; `*` stands for any text. */
  readonly when: Readonly<Record<string, string>>;
  /** What it meets, by field. */
  readonly observed: Readonly<Record<string, Value>>;
}

/** What the project's own known deviations are called in messages. */
const SHIPPED = 'known-deviations.json';

/** The known deviations that come with the project. */
export const shippedDeviations = (): readonly Deviation[] => deviationsOf(shipped, SHIPPED);

/** Reads a file of known deviations, YAML or JSON. Throws `HarnessError` BAD_FILE for anything that it must not have. */
export function readDeviations(file: string): readonly Deviation[] {
  const content = readText(file, 'Deviations file');
  let value: unknown;
  try {
    value = parse(content);
  } catch (error) {
    throw new HarnessError(
      'BAD_FILE',
      `${file} is neither YAML nor JSON: ${(error as Error).message.split('\n')[0]?.replace(/:$/, '') ?? ''}.`,
    );
  }
  return deviationsOf(value, file);
}

/** Checks the content of a file. */
export function deviationsOf(value: unknown, file: string): readonly Deviation[] {
  try {
    const content = object(value, 'it');
    only(content, ['deviations'], 'it');
    return list(content['deviations'], 'deviations').map((item, index) =>
      deviation(item, `deviations[${index}]`, file),
    );
  } catch (error) {
    if (error instanceof HarnessError)
      throw new HarnessError(
        'BAD_FILE',
        `${file} is no list of known deviations: ${error.message} (docs/compare.md has its form).`,
      );
    throw error;
  }
}

function deviation(item: unknown, at: string, file: string): Deviation {
  const values = object(item, at);
  only(values, ['scenario', 'probe', 'sides', 'reason', 'source'], at);
  const probe = values['probe'] === undefined ? null : whole(values['probe'], 1, `${at}.probe`) - 1;
  const sides = list(values['sides'], `${at}.sides`).map((entry, index) => side(entry, `${at}.sides[${index}]`, probe));
  const [first, second] = sides;
  if (first === undefined || second === undefined || sides.length !== 2)
    throw new HarnessError('BAD_FILE', `${at}.sides must be a list of two, not of ${sides.length}`);
  for (const field of new Set([...Object.keys(first.observed), ...Object.keys(second.observed)])) {
    if (!Object.hasOwn(first.observed, field) || !Object.hasOwn(second.observed, field))
      throw new HarnessError('BAD_FILE', `${at}.sides must say what each side observes of ${field}`);
    if (first.observed[field] === second.observed[field])
      throw new HarnessError('BAD_FILE', `${at}.sides observe the same ${field}, which is no deviation`);
  }
  return {
    listed: `${file}, ${at}`,
    scenario: scenarioId(values['scenario'], `${at}.scenario`),
    probe,
    sides: [first, second],
    reason: words(values['reason'], `${at}.reason`),
    source: words(values['source'], `${at}.source`),
  };
}

function side(item: unknown, at: string, probe: number | null): DeviationSide {
  const values = object(item, at);
  only(values, ['when', 'observed'], at);
  const when = record(values['when'], `${at}.when`, words);
  if (Object.keys(when).length === 0)
    throw new HarnessError('BAD_FILE', `${at}.when must name a fact of the run, such as cluster`);
  const observed = object(values['observed'], `${at}.observed`);
  const entries = Object.entries(observed).map(([field, value]) => [
    field,
    valueOf(field, value, `${at}.observed`, probe),
  ]);
  if (entries.length === 0) throw new HarnessError('BAD_FILE', `${at}.observed must name a field`);
  return { when, observed: Object.fromEntries(entries) as Readonly<Record<string, Value>> };
}

function valueOf(field: string, value: unknown, at: string, probe: number | null): Value {
  const where = `${at}.${field}`;
  if (probe === null) {
    if (field !== 'verdict')
      throw new HarnessError('BAD_FILE', `${where} needs a probe: of a scenario as a whole there is verdict alone`);
    return oneOf(value, VERDICTS, where);
  }
  if (/^facts\../.test(field)) return value === null ? null : scalar(value, where);
  if (!(FIELDS as readonly string[]).includes(field))
    throw new HarnessError(
      'BAD_FILE',
      `${where} is no field: ${suggestion(field, [...FIELDS, 'facts.<name>']).replace(/\.$/, '')}`,
    );
  if (field === 'verdict') return oneOf(value, PROBE_VERDICTS, where);
  if (value === null) return null;
  return field === 'status' ? whole(value, 0, where) : text(value, where);
}

function only(values: Readonly<Record<string, unknown>>, names: readonly string[], at: string): void {
  const unknown = Object.keys(values).find((name) => !names.includes(name));
  if (unknown !== undefined)
    throw new HarnessError(
      'BAD_FILE',
      `${at} must not have "${unknown}": ${suggestion(unknown, names).replace(/\.$/, '')}`,
    );
}

/** What each side observes by a deviation, A first, in each order that the runs fit; none where it is not about them. */
function orders(
  { sides: [first, second] }: Deviation,
  a: Side,
  b: Side,
): readonly (readonly [DeviationSide, DeviationSide])[] {
  return (
    [
      [first, second],
      [second, first],
    ] as const
  ).filter(([ofA, ofB]) => fits(ofA, a) && fits(ofB, b));
}

const fits = ({ when }: DeviationSide, { facts }: Side): boolean =>
  Object.entries(when).every(([name, pattern]) => Object.hasOwn(facts, name) && matches(pattern, facts[name] ?? ''));

function matches(pattern: string, value: string): boolean {
  const parts = pattern.split('*').map((part) => part.replaceAll(/[\\^$.*+?()[\]{}|/]/g, '\\$&'));
  return new RegExp(`^${parts.join('.*')}$`, 's').test(value);
}

/** Whether a deviation is about these two runs. */
export const isAbout = (deviation: Deviation, a: Side, b: Side): boolean => orders(deviation, a, b).length > 0;

/** Whether a deviation says of a difference that it is known. */
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
