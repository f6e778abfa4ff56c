import { isFailedControl, type ProbeOutcome } from '../results/results.ts';

/**
 * A denial is inconclusive where a control failed, as expected or not, and where nothing was granted that should have been:
 * it may come of whatever broke the grant. Access that should not have been proves what it proves all the same.
 */
export function withoutControl(outcomes: readonly ProbeOutcome[]): readonly ProbeOutcome[] {
  return withoutGrant(outcomes.some(isFailedControl) ? outcomes.map(ofBrokenWorld) : outcomes);
}

const ofBrokenWorld = (probe: ProbeOutcome): ProbeOutcome =>
  probe.verdict === 'failed' && (probe.observed?.outcome === 'denied' || probe.observed?.outcome === 'refused')
    ? { ...probe, verdict: 'inconclusive', reason: `${probe.reason} But a control failed, so this means nothing.` }
    : probe;

function withoutGrant(outcomes: readonly ProbeOutcome[]): readonly ProbeOutcome[] {
  const positive = outcomes.filter(
    (outcome) => outcome.expected.outcome === 'granted' || outcome.expected.outcome === 'absent',
  );
  if (positive.some((outcome) => outcome.verdict === 'passed')) return outcomes;
  return outcomes.map((outcome) =>
    outcome.verdict === 'passed'
      ? {
          ...outcome,
          verdict: 'inconclusive',
          reason: `${outcome.reason} But nothing in this scenario was granted, so this means nothing.`,
        }
      : outcome,
  );
}
