import { badFlagValue } from '../../foundation/node/errors.ts';
import type { OptionValues } from '../../foundation/node/options.ts';

export interface LoadSize {
  readonly pods: number;
  readonly serviceAccounts: number;
  /** Maximum of concurrent pods. Others follow in waves. */
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
      `--load-service-accounts is ${serviceAccounts}, but --load-pods is ${pods}. Each service account needs at least one pod.`,
    );
  if (serviceAccounts > parallelism)
    throw badFlagValue(
      `--load-parallelism is ${parallelism}, but --load-service-accounts is ${serviceAccounts}. Each service account has a Job, which needs at least one concurrent pod.`,
    );
  return size;
}

/** Distributes pods over service accounts; shares differ by at most one. */
export const shares = (pods: number, serviceAccounts: number): readonly number[] =>
  Array.from({ length: serviceAccounts }, (_, index) =>
    Math.floor((pods + serviceAccounts - 1 - index) / serviceAccounts),
  );
