import { setTimeout as delay } from 'node:timers/promises';
import { AwsError } from '../core/errors.ts';
import type { DisturbedAnswer, Step } from './context.ts';
import type { ServiceResponse } from '../core/service.ts';
import type { Disturbance } from './world.ts';

export type Disturbances = ReturnType<typeof disturbances>;

/** A call that is answered with what a disturbance says. */
export class DisturbedCall extends Error {
  readonly response: ServiceResponse;

  constructor(response: ServiceResponse) {
    super('the call is disturbed');
    this.response = response;
  }
}

/** Holds the disturbances that are turned on and lets them hit calls. */
export function disturbances() {
  const active = new Map<Disturbance, number>();
  const closing = new AbortController();

  function matches(disturbance: Disturbance, step: Step, applicationId: string | undefined, inner: boolean): boolean {
    return (
      (disturbance.service ?? step.service) === step.service &&
      (disturbance.operation === undefined ? !inner : disturbance.operation === step.operation) &&
      (disturbance.applicationId === undefined || disturbance.applicationId === applicationId) &&
      (disturbance.clusterName === undefined || disturbance.clusterName === step.clusterName) &&
      // A step that tells whose pod it is for comes inside a call that has been hit as a whole already.
      isOfPod(disturbance) === isOfPod(step) &&
      (disturbance.namespace === undefined || disturbance.namespace === step.namespace) &&
      (disturbance.token === undefined || disturbance.token === step.token)
    );
  }

  return {
    /** Turns a disturbance on; the function returned turns it off. */
    add(disturbance: Disturbance): () => void {
      // A copy is the key, so that the same object added twice counts twice.
      const own = { ...disturbance };
      if ((own.times ?? 1) > 0) active.set(own, own.times ?? Infinity);
      return () => active.delete(own);
    },
    /**
     * Waits the delays and throws the first error (`AwsError`) or answer (`DisturbedCall`) of the disturbances that match; tells
     * what else they say.
     * @param inner a step inside a call: only disturbances that name its operation match, so that none hits a call twice.
     */
    async inject(step: Step, applicationId: string | undefined, inner: boolean): Promise<DisturbedAnswer> {
      let answer: DisturbedAnswer = {};
      for (const [disturbance, remaining] of [...active]) {
        if (!matches(disturbance, step, applicationId, inner)) continue;
        if (remaining > 1) active.set(disturbance, remaining - 1);
        else active.delete(disturbance);
        if (disturbance.delayMilliseconds !== undefined)
          await delay(disturbance.delayMilliseconds, undefined, closing).catch(() => undefined);
        if (disturbance.error !== undefined) {
          throw new AwsError(disturbance.error.code, disturbance.error.status, disturbance.error.message);
        }
        if (disturbance.answer !== undefined) throw new DisturbedCall(disturbance.answer);
        const { credentialsSeconds } = disturbance;
        if (credentialsSeconds !== undefined) answer = { credentialsSeconds };
      }
      return answer;
    },
    /** Ends all waiting at once. */
    close: () => closing.abort(),
  };
}

const isOfPod = ({ namespace, token }: Pick<Step, 'namespace' | 'token'>): boolean =>
  namespace !== undefined || token !== undefined;
