import { createHash } from 'node:crypto';
import type { Scenario } from '../scenario/spec.ts';

/** Scenarios in the order that a seed gives, the same for the same seed; `reverse` turns the declared order round. */
export function shuffle(scenarios: readonly Scenario[], seed: string): readonly Scenario[] {
  if (seed === 'reverse') return scenarios.toReversed();
  const rank = ({ id }: Scenario): string => createHash('sha256').update(`${seed} ${id}`).digest('hex');
  const ranked = scenarios.map((scenario) => ({ scenario, rank: rank(scenario) }));
  return ranked.sort((a, b) => (a.rank < b.rank ? -1 : 1)).map(({ scenario }) => scenario);
}
