import type { Difference } from '../types.ts';

/** Returns counts by sample, such as `name{code="200"}`. */
function samples(lines: readonly string[]): Map<string, number> {
  const matches = lines.flatMap((line) => [...line.matchAll(/^([^#\s]\S*(?:\{.*\})?) (\S+)$/g)]);
  return new Map(matches.map(([, sample = '', count]) => [sample, Number(count)]));
}

/**
 * Compares metrics. Replayed counts may be lower, since recordings are partial and replays do not wait for evictions, but not
 * higher. Help and type lines must be equal.
 */
export function compareMetrics(recorded: readonly string[], replayed: readonly string[]): Difference[] {
  const counted = samples(recorded);
  const about = (lines: readonly string[], others: readonly string[]): readonly string[] =>
    lines.filter((line) => line.startsWith('#') && !others.includes(line));
  return [
    ...about(replayed, recorded).map((line) => ({ name: 'metrics', expected: 'no such line', actual: line })),
    ...about(recorded, replayed).map((line) => ({ name: 'metrics', expected: line, actual: 'no such line' })),
    ...[...samples(replayed)].flatMap(([sample, count]) => {
      const most = counted.get(sample) ?? 0;
      if (count <= most) return [];
      return [{ name: 'metrics', expected: `${sample} at most ${most}`, actual: `${sample} ${count}` }];
    }),
  ];
}
