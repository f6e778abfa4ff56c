import type { ScenarioResult } from '../results/results.ts';

type Lane = readonly ScenarioResult[];

/** Start and end of a scenario, milliseconds since the epoch. */
function spanOf({ timeline }: ScenarioResult): readonly [from: number, to: number] {
  const starts = timeline.map(({ startedAt }) => startedAt);
  const ends = timeline.map(({ startedAt, milliseconds }) => startedAt + milliseconds);
  return [Math.min(...starts), Math.max(...ends)];
}

/** Returns as many lanes as concurrent scenarios. Each scenario takes the first free lane. */
export function lanesOf(scenarios: readonly ScenarioResult[]): readonly Lane[] {
  const lanes: { readonly scenarios: ScenarioResult[]; end: number }[] = [];
  const begun = scenarios
    .filter(({ timeline }) => timeline.length > 0)
    .map((scenario) => ({ scenario, span: spanOf(scenario) }))
    .sort((a, b) => a.span[0] - b.span[0]);
  for (const { scenario, span } of begun) {
    const free = lanes.find(({ end }) => end <= span[0]);
    if (free === undefined) lanes.push({ scenarios: [scenario], end: span[1] });
    else {
      free.scenarios.push(scenario);
      free.end = span[1];
    }
  }
  return lanes.map(({ scenarios }) => scenarios);
}
