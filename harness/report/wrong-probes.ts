import { isFailedControl, type ProbeOutcome, type ScenarioResult } from '../results/results.ts';

/** Returns a sentence for each unexpected probe, with its cause below. The scenario's own reason and controls come first. */
export function wrongProbes({ reason, probes }: ScenarioResult): readonly string[] {
  const wrong = probes.filter(({ verdict }) => verdict !== 'passed');
  wrong.sort((a, b) => Number(isFailedControl(b)) - Number(isFailedControl(a)));
  const reasons = wrong.flatMap((probe) => [probeSentence(probe), ...whyLine(probe)]);
  return reasons.includes(reason) ? reasons : [reason, ...reasons];
}

export const whyLine = ({ why }: ProbeOutcome): readonly string[] => (why === undefined ? [] : [`  why: ${why}`]);

export const probeSentence = ({ number, workload, operation, reason }: ProbeOutcome): string =>
  `Probe ${number + 1} (${workload ?? 'harness'}: ${operation}): ${reason}`;
