/** Steps that let time pass. */
import { setTimeout as sleep } from 'node:timers/promises';
import { HarnessError } from '../../foundation/errors.ts';
import { LONGEST_SECONDS, number } from '../scenario/checks.ts';
import type { StepOf } from '../scenario/spec.ts';
import { action, defineStep } from './registry.ts';

interface OfTime extends StepOf<string> {
  readonly seconds: number;
}

/** Lets time pass, for what AWS dates in whole seconds, and for what a cluster sees a moment later. */
export const wait = (seconds: number): OfTime => action('Wait', { seconds });
/** Moves AWS' clock on, until the scenario is over. */
export const advanceClock = (seconds: number): OfTime => action('AdvanceClock', { seconds });

defineStep<OfTime>({
  name: 'Wait',
  withoutKubernetes: true,
  keepsCredentials: true,
  *check({ seconds }) {
    yield number('the time of wait, in seconds,', seconds ?? null, 0, LONGEST_SECONDS);
  },
  waitSeconds: ({ seconds }) => seconds,
  perform: ({ world }, { seconds }) => sleep(seconds * 1000, undefined, { signal: world.signal }),
});

defineStep<OfTime>({
  name: 'AdvanceClock',
  withoutKubernetes: true,
  needs: () => ['virtual-clock'],
  isExclusive: () => true,
  perform: async ({ world }, { seconds }) => {
    const { controls } = world.environment.aws;
    if (!controls)
      throw new HarnessError(
        'BAD_SCENARIO',
        `${world.scenario.id} moves the clock without naming the capability virtual-clock in "needs".`,
      );
    controls.advanceClock(seconds);
    world.resources.addChange('the clock of AWS', async () => controls.resetClock());
  },
});
