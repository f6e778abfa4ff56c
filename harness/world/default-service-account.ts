import { KubernetesError } from '../../foundation/protocols/kubernetes-connection.ts';
import { isAccountMissing } from '../../foundation/protocols/pod-dry-run.ts';
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
