import { setTimeout as delay } from 'node:timers/promises';
import { AwsError } from './errors.ts';
import type { Step } from './context.ts';
import type { Weather } from './world.ts';

export type Storm = ReturnType<typeof storm>;

/** Holds the disturbances that are turned on and lets them hit calls. */
export function storm() {
  const active = new Map<Weather, number>();
  const closing = new AbortController();

  function matches(weather: Weather, step: Step, applicationId: string | undefined, inner: boolean): boolean {
    return (
      (weather.service ?? step.service) === step.service &&
      (weather.operation === undefined ? !inner : weather.operation === step.operation) &&
      (weather.applicationId === undefined || weather.applicationId === applicationId) &&
      (weather.clusterName === undefined || weather.clusterName === step.clusterName) &&
      // Alike on purpose: a step that tells its namespace comes inside a call that has been hit as a whole already.
      weather.namespace === step.namespace
    );
  }

  return {
    /** Turns a disturbance on; the function returned turns it off. */
    add(weather: Weather): () => void {
      // A copy is the key, so that the same object added twice counts twice.
      const own = { ...weather };
      if ((own.times ?? 1) > 0) active.set(own, own.times ?? Infinity);
      return () => active.delete(own);
    },
    /**
     * Waits the delays and throws the first error (`AwsError`) of the disturbances that match.
     * @param inner a step inside a call: only disturbances that name its operation match, so that none hits a call twice.
     */
    async strike(step: Step, applicationId: string | undefined, inner: boolean): Promise<void> {
      if (active.size === 0) return;
      for (const [weather, remaining] of [...active]) {
        if (!matches(weather, step, applicationId, inner)) continue;
        if (remaining > 1) active.set(weather, remaining - 1);
        else active.delete(weather);
        if (weather.delayMilliseconds !== undefined)
          await delay(weather.delayMilliseconds, undefined, closing).catch(() => undefined);
        if (weather.error !== undefined) {
          throw new AwsError(weather.error.code, weather.error.status, weather.error.message);
        }
      }
    },
    /** Ends all waiting at once. */
    close: () => closing.abort(),
  };
}
