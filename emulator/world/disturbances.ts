import { setTimeout as delay } from 'node:timers/promises';
import { AwsError } from '../../foundation/aws/aws-error.ts';
import type { DisturbedAnswer, DisturbableStep } from './context.ts';
import type { ServiceResponse } from '../core/service.ts';
import type { Disturbance } from './world.ts';

export type Disturbances = ReturnType<typeof disturbances>;

/** Carries the answer of a disturbance. */
export class DisturbedCall extends Error {
  readonly response: ServiceResponse;

  constructor(response: ServiceResponse) {
    super('the call is disturbed');
    this.response = response;
  }
}

export function disturbances() {
  const active = new Map<Disturbance, number>();
  const closing = new AbortController();

  function matches(
    disturbance: Disturbance,
    step: DisturbableStep,
    applicationId: string | undefined,
    inner: boolean,
  ): boolean {
    return (
      (disturbance.service ?? step.service) === step.service &&
      (disturbance.operation === undefined ? !inner : disturbance.operation === step.operation) &&
      (disturbance.applicationId === undefined || disturbance.applicationId === applicationId) &&
      (disturbance.clusterName === undefined || disturbance.clusterName === step.clusterName) &&
      // A step with a pod is part of a call to which disturbances of the whole call were already applied.
      isOfPod(disturbance) === isOfPod(step) &&
      (disturbance.namespace === undefined || disturbance.namespace === step.namespace) &&
      (disturbance.token === undefined || disturbance.token === step.token)
    );
  }

  return {
    /** Returns a function that removes the disturbance. */
    add(disturbance: Disturbance): () => void {
      // The key is a copy, so that the same object can be added twice.
      const activeDisturbance = { ...disturbance };
      if ((activeDisturbance.times ?? 1) > 0) active.set(activeDisturbance, activeDisturbance.times ?? Infinity);
      return () => active.delete(activeDisturbance);
    },
    /**
     * Waits, or throws the first error (`AwsError`) or answer (`DisturbedCall`). @param inner matches only disturbances
     * that name the step's operation, so that none applies twice to a call
     */
    async inject(step: DisturbableStep, applicationId: string | undefined, inner: boolean): Promise<DisturbedAnswer> {
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
    close: () => closing.abort(),
  };
}

const isOfPod = ({ namespace, token }: Pick<DisturbableStep, 'namespace' | 'token'>): boolean =>
  namespace !== undefined || token !== undefined;
