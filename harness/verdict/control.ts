import { clip } from '../../foundation/node/text.ts';
import { isFailedControl, type ProbeOutcome } from '../results/results.ts';

/** Makes denials inconclusive if a control failed, or if no expected grant passed. Unexpected access still counts. */
export function withoutControl(outcomes: readonly ProbeOutcome[]): readonly ProbeOutcome[] {
  return withoutGrant(outcomes.some(isFailedControl) ? outcomes.map(ofBrokenWorld) : outcomes);
}

const ofBrokenWorld = (probe: ProbeOutcome): ProbeOutcome =>
  probe.verdict === 'failed' && (probe.observed?.outcome === 'denied' || probe.observed?.outcome === 'refused')
    ? { ...probe, verdict: 'inconclusive', reason: `${probe.reason} A control failed, so this result is inconclusive.` }
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
          reason: `${outcome.reason}${answer(outcome)} No expected grant of this scenario passed, so this result is inconclusive.`,
        }
      : outcome,
  );
}

const answer = ({ observed }: ProbeOutcome): string =>
  observed?.message ? ` The answer was "${clip(observed.message)}".` : '';
