import { clip, counted } from '../../foundation/node/text.ts';
import { isCompared, type Comparison, type ScenarioComparison } from './compare.ts';
import type { Value } from './differences.ts';
import type { Side } from '../results/read-results.ts';

export const valueWords = (value: Value): string => (value === null ? 'none' : clip(oneLine(String(value))));

/** Puts a text on one line, without the control characters that servers' messages may have. */
export const oneLine = (text: string): string => text.replaceAll(/[\u0000-\u001f\u007f-\u009f]+/g, ' ').trim();

export function sideLines({ file, run, facts, faults }: Side): readonly string[] {
  const { cluster = '', aws = '', region: _region, harness = '', node = '', platform = '', ...ofClusters } = facts;
  return [
    `${cluster} cluster, AWS: ${aws}, run ${run.id} of ${run.startedAt}`,
    ...Object.entries(ofClusters).map(([name, value]) => `${name} ${value}`),
    `harness ${harness}, Node ${node}, ${platform}`,
    ...(faults.length > 0 ? [`with faults: ${faults.join(', ')}`] : []),
    ...(run.interrupted ? ['The run was interrupted.'] : []),
    ...(run.error === null ? [] : [`The run failed: ${run.error}`]),
    file,
  ].map(oneLine);
}

export function notCompared({
  scenarios,
}: Comparison): readonly { readonly why: string; readonly ids: readonly string[] }[] {
  const groups = new Map<string, string[]>();
  for (const scenario of scenarios.filter(({ status }) => !isCompared(status))) {
    const why = whyNot(scenario);
    groups.set(why, [...(groups.get(why) ?? []), scenario.id]);
  }
  return [...groups].map(([why, ids]) => ({ why, ids }));
}

function whyNot({ id, a, b }: ScenarioComparison): string {
  if (a === null || b === null) return `only in ${a === null ? 'B' : 'A'}`;
  const [ofA, ofB] = [a, b].map(({ reason }) => oneLine(reason).replace(new RegExp(`^${id} `), 'It '));
  if (a.verdict !== 'skipped' && b.verdict !== 'skipped') return `an error on both sides. A: ${ofA} B: ${ofB}`;
  if (a.verdict !== 'skipped') return `skipped in B (${a.verdict} in A): ${ofB}`;
  if (b.verdict !== 'skipped') return `skipped in A (${b.verdict} in B): ${ofA}`;
  return ofA === ofB ? `skipped on both sides: ${ofA}` : `skipped on both sides. A: ${ofA} B: ${ofB}`;
}

/** Names programs that differ between the runs, which may explain other differences. */
export function unlikeWords({ unlike }: Comparison): string | undefined {
  if (unlike.length === 0) return undefined;
  const more = unlike.length > 5 ? ` and ${unlike.length - 5} more` : '';
  return `Built from different sources: ${unlike.slice(0, 5).join(', ')}${more}.`;
}

/** Returns the median times of a scenario: name, A's time and B's time. */
export const medianTimes = ({ medians }: Comparison): readonly (readonly [what: string, a: string, b: string])[] =>
  (['arranging', 'probing'] as const).flatMap((what) => {
    const value = medians[what];
    return value === null ? [] : [[what, time(value.a), time(value.b)] as const];
  });

const time = (milliseconds: number): string =>
  milliseconds < 1000 ? `${milliseconds} ms` : `${(milliseconds / 1000).toFixed(2)} s`;

export function summaryWords({ summary }: Comparison): string {
  const { compared, same, differ, known, skipped, alone, undecided } = summary;
  return `${counted(compared, 'scenario')} compared: ${same} same, ${differ} differ (${known} known), ${skipped + alone} only on one side or skipped${undecided === 0 ? '' : `, ${undecided} undecided`}`;
}
