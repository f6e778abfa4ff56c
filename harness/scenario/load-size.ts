import { badFlagValue } from '../../foundation/node/errors.ts';
import type { OptionValues } from '../../foundation/node/options.ts';

export interface LoadSize {
  readonly pods: number;
  readonly serviceAccounts: number;
  /** Maximum of concurrent pods: more come in waves. */
  readonly parallelism: number;
}

export const SMALL_LOAD: LoadSize = { pods: 20, serviceAccounts: 10, parallelism: 20 };

/** Throws `HarnessError` BAD_FLAG_VALUE if the numbers do not fit together. */
export function loadSize(given: Pick<OptionValues, 'number'>): LoadSize {
  const size = {
    pods: given.number('load-pods'),
    serviceAccounts: given.number('load-service-accounts'),
    parallelism: given.number('load-parallelism'),
  };
  const { pods, serviceAccounts, parallelism } = size;
  if (serviceAccounts > pods)
    throw badFlagValue(
      `--load-service-accounts is ${serviceAccounts} and --load-pods ${pods}: each service account needs a pod, so give no more of them than pods.`,
    );
  if (serviceAccounts > parallelism)
    throw badFlagValue(
      `--load-parallelism is ${parallelism} and --load-service-accounts ${serviceAccounts}: each has a Job with a pod at least, so let as many run at once.`,
    );
  return size;
}

/** Distributes pods over service accounts; shares differ by at most one. */
export const shares = (pods: number, serviceAccounts: number): readonly number[] =>
  Array.from({ length: serviceAccounts }, (_, index) =>
    Math.floor((pods + serviceAccounts - 1 - index) / serviceAccounts),
  );
