import { isFailedControl, type ProbeOutcome, type ScenarioResult } from '../results/results.ts';

/**
 * Each probe that was not as expected, in a sentence, and why in a line below; controls ahead of what they are controls of,
 * and what else kept the scenario from its verdict first.
 */
export function wrongProbes({ reason, probes }: ScenarioResult): readonly string[] {
  const wrong = probes.filter(({ verdict }) => verdict !== 'passed');
  wrong.sort((a, b) => Number(isFailedControl(b)) - Number(isFailedControl(a)));
  const told = wrong.flatMap((probe) => [probeSentence(probe), ...whyLine(probe)]);
  return told.includes(reason) ? told : [reason, ...told];
}

/** The line that says what decided a probe; none where that is not known. */
export const whyLine = ({ why }: ProbeOutcome): readonly string[] => (why === undefined ? [] : [`  why: ${why}`]);

/** A probe's place, maker, operation and reason. */
export const probeSentence = ({ number, workload, operation, reason }: ProbeOutcome): string =>
  `Probe ${number + 1} (${workload ?? 'harness'}: ${operation}): ${reason}`;
