import type { ProbeOutcome } from '../report/results.ts';

/** A denial whose scenario granted nothing that it should have is inconclusive: it may come of whatever broke the grant. */
export function withoutControl(outcomes: readonly ProbeOutcome[]): readonly ProbeOutcome[] {
  const positive = outcomes.filter(
    (outcome) => outcome.expected.outcome === 'granted' || outcome.expected.outcome === 'absent',
  );
  if (positive.some((outcome) => outcome.verdict === 'passed')) return outcomes;
  return outcomes.map((outcome) =>
    outcome.verdict === 'passed' && (outcome.expected.outcome === 'denied' || outcome.expected.outcome === 'refused')
      ? {
          ...outcome,
          verdict: 'inconclusive',
          reason: `${outcome.reason} But nothing in this scenario was granted, so this means nothing.`,
        }
      : outcome,
  );
}
