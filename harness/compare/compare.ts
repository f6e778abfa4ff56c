import { median } from '../results/median.ts';
import { worst } from '../results/results.ts';
import { explains, isAbout, type Deviation } from './deviations.ts';
import { differencesOf, hasProbesOnBothSides } from './differences.ts';
import type { ComparisonContent } from './comparison-schema.ts';
import type { Side, SideScenario } from '../results/read-results.ts';

type Known = NonNullable<ComparedDifference['known']>;
export type ComparedDifference = ComparisonContent['scenarios'][number]['differences'][number];
export type ScenarioComparison = ComparisonContent['scenarios'][number];
type Seen = NonNullable<ScenarioComparison['a']>;
type StaleDeviation = ComparisonContent['stale'][number];

export interface Comparison extends Omit<ComparisonContent, 'version' | 'exitCode' | 'a' | 'b'> {
  readonly a: Side;
  readonly b: Side;
}

export function compare(a: Side, b: Side, deviations: readonly Deviation[]): Comparison {
  const ids = [...new Set([...a.scenarios.keys(), ...b.scenarios.keys()])];
  const scenarios = ids.map((id) => compareScenario(a, b, id, deviations));
  const compared = scenarios.filter(({ status }) => isCompared(status));
  const count = (...statuses: readonly ScenarioComparison['status'][]): number =>
    scenarios.filter(({ status }) => statuses.includes(status)).length;
  const times = (side: Side, what: 'arranging' | 'probing'): readonly number[] =>
    compared.map(({ id }) => side.scenarios.get(id)?.durations[what] ?? 0);
  const medians = (what: 'arranging' | 'probing'): { readonly a: number; readonly b: number } | null =>
    compared.length === 0 ? null : { a: Math.round(median(times(a, what))), b: Math.round(median(times(b, what))) };
  return {
    a,
    b,
    scenarios,
    stale: deviations.flatMap((deviation) => staleness(a, b, deviation, compared)),
    medians: { arranging: medians('arranging'), probing: medians('probing') },
    unlike: Object.keys(a.digests).filter(
      (name) => Object.hasOwn(b.digests, name) && b.digests[name] !== a.digests[name],
    ),
    summary: {
      compared: compared.length,
      same: count('same'),
      differ: count('differs', 'known'),
      known: count('known'),
      skipped: count('skipped'),
      alone: count('alone'),
      undecided: count('undecided'),
    },
  };
}

export const isCompared = (status: ScenarioComparison['status']): boolean =>
  status === 'same' || status === 'differs' || status === 'known';

function compareScenario(a: Side, b: Side, id: string, deviations: readonly Deviation[]): ScenarioComparison {
  const [ofA, ofB] = [a.scenarios.get(id), b.scenarios.get(id)];
  const one = ofA ?? ofB;
  const described = { id, suite: one?.suite ?? '', title: one?.title ?? '', a: seen(ofA), b: seen(ofB) };
  const without = (status: ScenarioComparison['status']): ScenarioComparison => ({
    ...described,
    status,
    differences: [],
    probes: [],
  });
  if (ofA === undefined || ofB === undefined) return without('alone');
  if (ofA.verdict === 'skipped' || ofB.verdict === 'skipped') return without('skipped');
  if (ofA.verdict === 'error' && ofB.verdict === 'error') return without('undecided');
  const differences = withDeviations(a, b, ofA, ofB, deviations);
  return {
    ...described,
    status: differences.length === 0 ? 'same' : differences.every(({ known }) => known !== null) ? 'known' : 'differs',
    differences,
    probes: [...ofA.probes.values()].flatMap((probe) => {
      const other = ofB.probes.get(probe.number);
      if (other === undefined || !differences.some((difference) => difference.probe === probe.number)) return [];
      const { number, workload, operation } = probe;
      return [{ number, workload, operation, a: seen(probe), b: seen(other) }];
    }),
  };
}

function seen(item: Seen): Seen;
function seen(item: Seen | undefined): Seen | null;
function seen(item: Seen | undefined): Seen | null {
  return item === undefined ? null : { verdict: item.verdict, reason: item.reason };
}

/** Returns the differences of a scenario, each with its reason if it is known. */
function withDeviations(
  a: Side,
  b: Side,
  ofA: SideScenario,
  ofB: SideScenario,
  deviations: readonly Deviation[],
): readonly ComparedDifference[] {
  const all = differencesOf(a, b, ofA, ofB).map((difference) => ({
    ...difference,
    known: knownDifference(deviations.find((deviation) => explains(deviation, ofA.id, difference, a, b))),
  }));
  const verdicts = all.filter(({ probe, field }) => probe !== null && field === 'verdict');
  // A scenario's verdict follows from its probes. If all their verdict differences are known, so is the scenario's.
  const follows = [ofA, ofB].every(
    ({ verdict, probes }) => verdict === worst([...probes.values()].map((probe) => probe.verdict)),
  );
  const cause = follows && verdicts.every((difference) => difference.known !== null) ? verdicts[0]?.known : undefined;
  return all.map((difference) =>
    difference.probe === null && difference.field === 'verdict'
      ? { ...difference, known: difference.known ?? cause ?? null }
      : difference,
  );
}

const knownDifference = (deviation: Deviation | undefined): Known | null =>
  deviation === undefined ? null : { reason: deviation.reason, source: deviation.source };

function staleness(
  a: Side,
  b: Side,
  deviation: Deviation,
  compared: readonly ScenarioComparison[],
): readonly StaleDeviation[] {
  const { scenario, probe, listed, sides } = deviation;
  const comparison = compared.find(({ id }) => id === scenario);
  const [ofA, ofB] = [a.scenarios.get(scenario), b.scenarios.get(scenario)];
  if (comparison === undefined || ofA === undefined || ofB === undefined || !isAbout(deviation, a, b)) return [];
  // A scenario that ended before its probes cannot show the deviation.
  if (probe !== null && !hasProbesOnBothSides(ofA, ofB)) return [];
  const fields = Object.keys(sides[0].observed).filter(
    (field) =>
      !comparison.differences.some(
        (difference) => difference.field === field && explains(deviation, scenario, difference, a, b),
      ),
  );
  return fields.length === 0 ? [] : [{ scenario, probe, fields, listed }];
}
