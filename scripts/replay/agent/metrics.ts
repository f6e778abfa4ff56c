import type { Difference } from '../types.ts';

/** Counts of Prometheus' text format by sample, such as `name{code="200"}`. */
function samples(lines: readonly string[]): Map<string, number> {
  const found = new Map<string, number>();
  for (const line of lines) {
    const match = /^([^#\s]\S*(?:\{.*\})?) (\S+)$/.exec(line);
    if (match !== null) found.set(match[1] ?? '', Number(match[2]));
  }
  return found;
}

/**
 * Compares metrics. A recording may hold but a part of the exchanges that its metrics count, and the minute after which
 * expired credentials are evicted does not pass in a replay: so a count may be lower, but not higher, and each metric
 * that the replay has counted at all must have the recorded help and type.
 */
export function compareMetrics(recorded: readonly string[], replayed: readonly string[]): Difference[] {
  const differences: Difference[] = [];
  const recordedSamples = samples(recorded);
  for (const line of replayed.filter((text) => text.startsWith('#'))) {
    if (recorded.includes(line)) continue;
    differences.push({ name: 'metrics', expected: 'no such line', actual: line });
  }
  for (const line of recorded.filter((text) => text.startsWith('#'))) {
    if (replayed.includes(line)) continue;
    differences.push({ name: 'metrics', expected: line, actual: 'no such line' });
  }
  for (const [sample, count] of samples(replayed)) {
    const most = recordedSamples.get(sample) ?? 0;
    if (count <= most) continue;
    differences.push({ name: 'metrics', expected: `${sample} at most ${most}`, actual: `${sample} ${count}` });
  }
  return differences;
}
