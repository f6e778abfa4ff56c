import { isFailedControl, type ProbeOutcome } from '../results/results.ts';

/** A denial is inconclusive if a control or an expected grant failed. Unexpected access still counts. */
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
