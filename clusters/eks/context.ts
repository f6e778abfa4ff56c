import type { Resources } from '../../foundation/aws/resources.ts';
import type { ProvisioningClients, ProvisionRequest } from '../interface/driver.ts';
import type { Timing } from './timing.ts';

type OfRequest = Pick<ProvisionRequest, 'name' | 'region' | 'tags' | 'signal' | 'progress'>;

export interface EksContext extends OfRequest, Pick<ProvisioningClients, 'eks' | 'iam'> {
  readonly resources: Resources;
  /** How to delete leftovers, as the end of a sentence. */
  readonly remedy: string | undefined;
  readonly timing: Timing;
  /** The end of `readyMilliseconds`, in milliseconds since the epoch. */
  readonly deadline: number;
  readonly readyMilliseconds: number;
}

/** Runs tasks in parallel. If one fails, aborts the others, waits for them and throws the first error, so that nothing is created during cleanup. */
export async function together<const T extends readonly ((signal: AbortSignal) => Promise<unknown>)[]>(
  signal: AbortSignal,
  ...works: T
): Promise<{ -readonly [K in keyof T]: Awaited<ReturnType<T[K]>> }> {
  const stop = new AbortController();
  const either = AbortSignal.any([signal, stop.signal]);
  let failed: { readonly reason: unknown } | undefined;
  const results = await Promise.all(
    works.map(async (work) => {
      try {
        return await work(either);
      } catch (reason) {
        failed ??= { reason };
        stop.abort(reason);
        return undefined;
      }
    }),
  );
  if (failed !== undefined) throw failed.reason;
  return results as { -readonly [K in keyof T]: Awaited<ReturnType<T[K]>> };
}
