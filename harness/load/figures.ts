import { createHistogram, type RecordableHistogram } from 'node:perf_hooks';
import type { Facts } from '../../foundation/protocols/client-run.ts';
import type { LoadVerdict } from '../../foundation/protocols/load-protocol.ts';
import type { EndedPod } from '../scenario/running-load.ts';

/** Range of the histograms: up to an hour in milliseconds, with three significant digits. */
const RANGE = { lowest: 1, highest: 3_600_000, figures: 3 } as const;

/** Returns facts about a load's pods. Percentiles are in milliseconds (HdrHistogram). `since`: end of a disturbance. */
export function figuresOf(pods: readonly EndedPod[], expected: number, since: number | undefined): Facts {
  const verdicts = pods.flatMap(({ verdict }) => verdict ?? []);
  const sum = (count: (verdict: LoadVerdict) => number): number =>
    verdicts.reduce((all, verdict) => all + count(verdict), 0);
  const errors = summed(verdicts.map(({ errors: podErrors }) => podErrors));
  const statuses = summed(verdicts.map(({ statuses: podStatuses = {} }) => podStatuses));
  const flooded = verdicts.filter(({ statuses: podStatuses }) => podStatuses !== undefined);
  return {
    pods: expected,
    lost: expected - verdicts.length,
    wrongIdentities: sum(({ wrong }) => wrong),
    answers: sum(({ granted }) => granted),
    errors: errors.reduce((all, [, count]) => all + count, 0) - sum(({ late }) => late),
    late: sum(({ late }) => late),
    notRecovered: verdicts.filter(({ recovered }) => !recovered).length,
    ...Object.fromEntries(errors.map(([kind, count]) => [`errors.${kind}`, count])),
    ...Object.fromEntries(statuses.map(([status, count]) => [`answers.${status}`, count])),
    ...(flooded.length > 0 && {
      grantedPerSecond: perSecond(flooded, '200'),
      refusedPerSecond: perSecond(flooded, '429'),
    }),
    ...percentiles('credentials', verdicts, ({ credentials }) => credentials ?? []),
    ...percentiles('object', verdicts, ({ object }) => object ?? []),
    ...percentiles('answer', verdicts, ({ answers }) => answers),
    ...(since !== undefined && { recoverySeconds: recovery(verdicts, since) }),
  };
}

function summed(counts: readonly Readonly<Record<string, number>>[]): readonly (readonly [string, number])[] {
  const sums = new Map<string, number>();
  for (const podCounts of counts)
    for (const [name, count] of Object.entries(podCounts)) sums.set(name, (sums.get(name) ?? 0) + count);
  return [...sums].sort(([one], [other]) => (one < other ? -1 : 1));
}

const perSecond = (verdicts: readonly LoadVerdict[], status: string): number =>
  Math.round(
    verdicts.reduce(
      (all, { statuses = {}, milliseconds = 1 }) => all + ((statuses[status] ?? 0) * 1000) / milliseconds,
      0,
    ),
  );

function percentiles(
  name: string,
  verdicts: readonly LoadVerdict[],
  timesOf: (verdict: LoadVerdict) => readonly number[] | number,
): Facts {
  const values = verdicts.flatMap(timesOf);
  if (values.length === 0) return {};
  const histogram: RecordableHistogram = createHistogram(RANGE);
  for (const value of values) histogram.record(Math.min(RANGE.highest, Math.max(RANGE.lowest, Math.round(value))));
  return {
    [`${name}P50`]: histogram.percentile(50),
    [`${name}P99`]: histogram.percentile(99),
    [`${name}P99.9`]: histogram.percentile(99.9),
    [`${name}Max`]: histogram.max,
  };
}

/** Returns the seconds from the end of a disturbance to the last error of any pod. */
const recovery = (verdicts: readonly LoadVerdict[], since: number): number =>
  Math.max(0, ...verdicts.map(({ lastErrorAt }) => Math.round((lastErrorAt - since) / 100) / 10));
