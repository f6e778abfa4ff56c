import { anyNumber, number } from '../scenario/form.ts';
import { setTimeout as sleep } from 'node:timers/promises';
import { badScenario } from '../../foundation/node/errors.ts';
import { LONGEST_SECONDS } from '../scenario/checks.ts';
import { defineStep } from '../scenario/operation-registry.ts';

const seconds = (seconds: number) => ({ seconds });

/** Waits, because AWS dates values in whole seconds, and a cluster sees changes late. */
export const wait = defineStep('Wait', seconds, {
  form: { seconds: number(0, LONGEST_SECONDS) },
  withoutKubernetes: true,
  keepsCredentials: true,
  waitSeconds: ({ seconds }) => seconds,
  perform: ({ context }, { seconds }) => sleep(seconds * 1000, undefined, { signal: context.signal }),
});

/** Advances AWS's clock until the end of the scenario. */
export const advanceClock = defineStep('AdvanceClock', seconds, {
  form: { seconds: anyNumber },
  withoutKubernetes: true,
  needs: () => ['virtual-clock'],
  isExclusive: () => true,
  perform: async ({ context }, { seconds }) => {
    const { controls } = context.environment.aws;
    if (!controls)
      throw badScenario(
        `${context.scenario.id} moves the clock without naming the capability virtual-clock in "needs".`,
      );
    controls.advanceClock(seconds);
    context.resources.addChange('the clock of AWS', async () => controls.resetClock());
  },
});
