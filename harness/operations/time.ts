import { setTimeout as sleep } from 'node:timers/promises';
import { badScenario } from '../../foundation/node/errors.ts';
import { LONGEST_SECONDS, number } from '../scenario/checks.ts';
import { defineStep } from '../scenario/operation-registry.ts';

const seconds = (seconds: number) => ({ seconds });

/** Waits, for values that AWS dates in whole seconds, and changes that a cluster sees later. */
export const wait = defineStep('Wait', seconds, {
  withoutKubernetes: true,
  keepsCredentials: true,
  *check({ seconds }) {
    yield number('the time of wait, in seconds,', seconds ?? null, 0, LONGEST_SECONDS);
  },
  waitSeconds: ({ seconds }) => seconds,
  perform: ({ world }, { seconds }) => sleep(seconds * 1000, undefined, { signal: world.signal }),
});

/** Advances AWS's clock until the end of the scenario. */
export const advanceClock = defineStep('AdvanceClock', seconds, {
  withoutKubernetes: true,
  needs: () => ['virtual-clock'],
  isExclusive: () => true,
  perform: async ({ world }, { seconds }) => {
    const { controls } = world.environment.aws;
    if (!controls)
      throw badScenario(`${world.scenario.id} moves the clock without naming the capability virtual-clock in "needs".`);
    controls.advanceClock(seconds);
    world.resources.addChange('the clock of AWS', async () => controls.resetClock());
  },
});
