import type { ScenarioResult } from '../results/results.ts';
import { ownTime, VERDICTS } from './words.ts';

interface Filter {
  /** Words that must all match. */
  readonly words: readonly string[];
  readonly verdicts: ReadonlySet<string>;
  readonly suite: string;
  readonly layer: string;
  readonly order: 'listed' | 'slowest' | 'worst';
}

export function filterOf(parameters: URLSearchParams): Filter {
  const order = parameters.get('sort');
  return {
    words: (parameters.get('q') ?? '').toLowerCase().split(/\s+/).filter(Boolean),
    verdicts: new Set((parameters.get('verdict') ?? '').split(',').filter(Boolean)),
    suite: parameters.get('suite') ?? '',
    layer: parameters.get('layer') ?? '',
    order: order === 'slowest' || order === 'worst' ? order : 'listed',
  };
}

export interface Searchable {
  readonly scenario: ScenarioResult;
  readonly text: string;
  readonly layers: ReadonlySet<string>;
}

export const searchable = (scenarios: readonly ScenarioResult[]): readonly Searchable[] =>
  scenarios.map((scenario) => {
    const { id, suite, title, reason, finding, source, probes } = scenario;
    const ofProbes = probes.flatMap(({ operation, workload, observed, why }) => [
      ...[operation, workload, why, observed?.code, observed?.outcome, observed?.layer],
    ]);
    const text = [id, suite, title, reason, finding, source, ...ofProbes].filter(Boolean).join('\n').toLowerCase();
    return { scenario, text, layers: new Set(probes.flatMap(({ observed }) => observed?.layer ?? [])) };
  });

export function filtered(all: readonly Searchable[], filter: Filter): readonly ScenarioResult[] {
  const { words, verdicts, suite, layer, order } = filter;
  const matches = all
    .filter(
      ({ scenario, text, layers }) =>
        (verdicts.size === 0 || verdicts.has(scenario.verdict)) &&
        (suite === '' || scenario.suite === suite) &&
        (layer === '' || layers.has(layer)) &&
        words.every((word) => text.includes(word)),
    )
    .map(({ scenario }) => scenario);
  if (order === 'slowest') return matches.sort((a, b) => ownTime(b) - ownTime(a));
  if (order === 'worst') return matches.sort((a, b) => VERDICTS.indexOf(a.verdict) - VERDICTS.indexOf(b.verdict));
  return matches;
}
