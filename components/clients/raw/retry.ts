import { setTimeout as sleep } from 'node:timers/promises';
import { Failure } from './failure.ts';

const ATTEMPTS = 5;
const FIRST_PAUSE_MILLISECONDS = 200;

/** Retries transient failures with doubling, random pauses. The last failure is final. */
export async function retry<T>(attempt: () => Promise<T>): Promise<T> {
  for (let tried = 1; ; tried += 1) {
    try {
      return await attempt();
    } catch (error) {
      if (!(error instanceof Failure) || error.details.isTransient !== true) throw error;
      if (tried === ATTEMPTS)
        throw new Failure(error.code, `${error.message} (${tried} attempts)`, { ...error.details, isTransient: false });
      await sleep(FIRST_PAUSE_MILLISECONDS * 2 ** (tried - 1) * (0.75 + Math.random() / 2));
    }
  }
}
