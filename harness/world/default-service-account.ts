import { KubernetesError } from '../../foundation/protocols/kubernetes-connection.ts';
import { retry } from '../../foundation/node/poll.ts';
import type { ScenarioContext } from '../scenario/scenario-context.ts';

const RETRY_MILLISECONDS = 100;

/** Retries until the service account `default` exists. It appears after its namespace; until then, pods are rejected. */
export const retryUntilAccountReady = <T>({ signal }: ScenarioContext, create: () => Promise<T>): Promise<T> =>
  retry(create, {
    every: RETRY_MILLISECONDS,
    signal,
    tolerates: (error) => error instanceof KubernetesError && isAccountMissing(error.status, error.message),
  });

/** Whether an answer says that a pod's service account does not exist (yet). */
export const isAccountMissing = (status: number, message: string): boolean =>
  status === 403 && /error looking up service account/.test(message);
