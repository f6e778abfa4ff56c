import { badFlagValue } from '../../foundation/node/errors.ts';
import type { OptionValues } from '../../foundation/node/options.ts';

/** How much load scenarios of the suite `load` make. */
export interface LoadSize {
  readonly pods: number;
  /** Over which they are spread. */
  readonly serviceAccounts: number;
  /** Pods that run at once at most: more come in waves. */
  readonly parallelism: number;
}

/** What a laptop bears. */
export const SMALL_LOAD: LoadSize = { pods: 20, serviceAccounts: 10, parallelism: 20 };

/** Throws `HarnessError` BAD_FLAG_VALUE where the numbers do not go together. */
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

/** What each of so many service accounts has of a number of pods: they differ by one at most. */
export const shares = (pods: number, serviceAccounts: number): readonly number[] =>
  Array.from({ length: serviceAccounts }, (_, index) =>
    Math.floor((pods + serviceAccounts - 1 - index) / serviceAccounts),
  );
