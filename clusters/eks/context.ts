import type { Resources } from '../../foundation/aws/resources.ts';
import type { ProvisioningClients, ProvisionRequest } from '../driver.ts';
import type { Timing } from './timing.ts';

type OfRequest = Pick<ProvisionRequest, 'name' | 'region' | 'tags' | 'signal' | 'progress'>;

/** What is made for one cluster, and how. */
export interface EksContext extends OfRequest, Pick<ProvisioningClients, 'eks' | 'iam'> {
  /** What is made for it. */
  readonly resources: Resources;
  /** What to do about what cannot be removed, as the end of a sentence. */
  readonly remedy: string | undefined;
  readonly timing: Timing;
  /** When the cluster must be ready, in milliseconds since the epoch, and the time that it had until then, in milliseconds. */
  readonly deadline: number;
  readonly readyMilliseconds: number;
}

/**
 * Does works side by side. When one fails the others are aborted, and only when all have come to their end is the first
 * error thrown: nothing is being made any more when what was made is removed.
 */
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
