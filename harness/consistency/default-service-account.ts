import { setTimeout as sleep } from 'node:timers/promises';
import { KubernetesError } from '../../foundation/kubernetes/connection.ts';
import type { ScenarioWorld } from '../world/world.ts';

const RETRY_MILLISECONDS = 100;

/** The service account `default` comes a moment after its namespace; until then no pod of it is admitted. */
export async function retryUntilAccountReady<T>(world: ScenarioWorld, create: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await create();
    } catch (error) {
      if (!(error instanceof KubernetesError) || !isAccountMissing(error.status, error.message)) throw error;
      await sleep(RETRY_MILLISECONDS, undefined, { signal: world.signal });
    }
  }
}

/** Whether an answer says that a pod's service account does not exist (yet). */
export const isAccountMissing = (status: number, message: string): boolean =>
  status === 403 && /error looking up service account/.test(message);
