import type { ProbeOutcome, ScenarioResult } from './results.ts';

/** Each probe that was not as expected and why, in a sentence; what else kept the scenario from its verdict first. */
export function wrongProbes({ reason, probes }: ScenarioResult): readonly string[] {
  const wrong = probes.filter(({ verdict }) => verdict !== 'passed').map(probeSentence);
  return wrong.includes(reason) ? wrong : [reason, ...wrong];
}

/** A probe's place, maker, operation and reason. */
export const probeSentence = ({ number, workload, operation, reason }: ProbeOutcome): string =>
  `Probe ${number + 1} (${workload ?? 'harness'}: ${operation}): ${reason}`;
