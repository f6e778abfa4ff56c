import { factMatches } from '../../foundation/protocols/expectation.ts';
import { identityName, neutral, neutralExpectation } from './names.ts';
import { PATIENCE_MILLISECONDS } from '../../foundation/node/lateness.ts';
import type { ProbeOutcome } from '../results/results.ts';
import type { Side, SideProbe, SideScenario } from '../results/read-results.ts';

export type Value = string | number | boolean | null;

export interface Difference {
  /** Number of the probe, from 0; null: the whole scenario. */
  readonly probe: number | null;
  /** One of `FIELDS`, `facts.<name>`, or `operation` for a different probe. For a scenario: `verdict` or `probes`. */
  readonly field: string;
  readonly a: Value;
  readonly b: Value;
}

/** Fields of a probe that are compared. Free text, ids and times differ between runs. */
export const FIELDS = ['verdict', 'outcome', 'layer', 'code', 'status', 'identity'] as const;
/** Facts of a client's run (`foundation/protocols/client-run.ts`) that are compared between two clients. */
const CLIENT_FACTS = ['signed', 'quotesError', 'expired', 'credentials.tokens'] as const;
/** Facts that depend on the client's timeouts, which are only compared if no machine was late. */
const CLIENT_TIMING_FACTS = ['outcomes', 'credentials.requests'] as const;

/** Returns the differences between two runs of a scenario, its verdict first. */
export function differencesOf(a: Side, b: Side, ofA: SideScenario, ofB: SideScenario): readonly Difference[] {
  const differences: Difference[] = [];
  const { id } = ofA;
  const add = (probe: number | null, field: string, valueA: Value, valueB: Value): void => {
    if (valueA !== valueB) differences.push({ probe, field, a: valueA, b: valueB });
  };
  add(null, 'verdict', ofA.verdict, ofB.verdict);
  if (!hasProbesOnBothSides(ofA, ofB)) return differences;
  add(null, 'probes', ofA.probes.size, ofB.probes.size);
  for (const [number, probeA] of ofA.probes) {
    const probeB = ofB.probes.get(number);
    if (probeB === undefined) continue;
    const [who, whoB] = [whatIsTried(probeA), whatIsTried(probeB)];
    add(number, 'operation', who, whoB);
    // Different probes cannot be compared further.
    if (who !== whoB) continue;
    const valuesA = valuesOf(ofA.run ?? a.run.id, id, probeA);
    const valuesB = valuesOf(ofB.run ?? b.run.id, id, probeB);
    for (const field of FIELDS) add(number, field, valuesA[field], valuesB[field]);
    if (a.facts['client'] !== b.facts['client'] && probeA.operation.startsWith('RunClient'))
      for (const name of factsOfClients(probeA, probeB)) {
        if (Object.hasOwn(probeA.expected.facts ?? {}, name)) continue;
        const field = `facts.${name}`;
        add(number, field, valueOf(a.run.id, id, probeA, field), valueOf(b.run.id, id, probeB, field));
      }
    for (const name of Object.keys(probeA.expected.facts ?? {})) {
      const [factA, factB] = [factOf(a, ofA, probeA, name), factOf(b, ofB, probeB, name)];
      if (factA === undefined || factB === undefined) continue;
      // A fact with a range or a pattern may differ between runs, so values that meet the same expectation are equal.
      if (factA.met && factB.met && factA.expected === factB.expected) continue;
      add(number, `facts.${name}`, factA.value, factB.value);
    }
  }
  return differences;
}

const factsOfClients = (...probes: readonly SideProbe[]): readonly string[] => [
  ...CLIENT_FACTS,
  ...(probes.some(({ observed }) => Number(observed?.facts?.['lateMilliseconds'] ?? 0) >= PATIENCE_MILLISECONDS)
    ? []
    : CLIENT_TIMING_FACTS),
];

/** Whether probes can be compared. A scenario that ended in an error has none. */
export const hasProbesOnBothSides = (a: SideScenario, b: SideScenario): boolean =>
  a.probes.size > 0 && b.probes.size > 0;

/** Returns workload and operation, without names that are specific to a run. */
const whatIsTried = ({ workload, operation }: SideProbe): string =>
  `${workload ?? 'harness'}: ${operation.split(' ')[0] ?? ''}`;

type ValuesOfFields = Readonly<Record<(typeof FIELDS)[number], Value>>;

function valuesOf(run: string, scenario: string, { verdict, observed }: ProbeOutcome): ValuesOfFields {
  return {
    verdict,
    outcome: observed?.outcome ?? null,
    layer: observed?.layer ?? null,
    code: observed?.code ?? null,
    status: observed?.status ?? null,
    identity: observed?.identity ? identityName(observed.identity.arn, run, scenario) : null,
  };
}

export function valueOf(run: string, scenario: string, probe: ProbeOutcome, field: string): Value {
  const name = /^facts\.(.+)/.exec(field)?.[1];
  if (name === undefined) return valuesOf(run, scenario, probe)[field as keyof ValuesOfFields];
  return factValue(run, scenario, probe, name) ?? null;
}

function factValue(run: string, scenario: string, { observed }: ProbeOutcome, name: string): Value | undefined {
  const facts = observed?.facts ?? {};
  const value = Object.hasOwn(facts, name) ? facts[name] : undefined;
  return typeof value === 'string' ? neutral(value, run, scenario) : value;
}

/** Returns a fact of the expectation, and whether it is met; undefined if the expectation does not have the fact. */
function factOf(
  side: Side,
  { id, run = side.run.id }: SideScenario,
  probe: SideProbe,
  name: string,
): { readonly value: Value; readonly met: boolean; readonly expected: string } | undefined {
  const { facts: matchers = {} } = probe.expected;
  const matcher = Object.hasOwn(matchers, name) ? matchers[name] : undefined;
  if (matcher === undefined) return undefined;
  return {
    value: factValue(run, id, probe, name) ?? null,
    met: factMatches(probe.observed?.facts?.[name], matcher),
    expected: neutralExpectation(JSON.stringify(matcher), run, id),
  };
}
