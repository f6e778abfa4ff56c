import type { LoadResult } from './load.ts';

/** What the agent's limiter lets pass: requests a second, and at once (amazon-eks-pod-identity-agent, internal/middleware/rate_limiter). */
export const LIMIT = { perSecond: 1000, burst: 500 } as const;

/** How many requests of a load that is beyond the limit should be let through. */
export const letThrough = ({ seconds }: Pick<LoadResult, 'seconds'>): number => LIMIT.burst + LIMIT.perSecond * seconds;

export interface Observed {
  /** Of pods whose credentials are not cached yet, the limiter off. */
  readonly cold: LoadResult;
  /** The same pods once more. */
  readonly warm: LoadResult;
  /** Calls of EKS Auth by pod, in both. */
  readonly calls: ReadonlyMap<number, number>;
  /** Bytes by which the heap grew for each request of `warm`, garbage collected. */
  readonly heapPerRequest: number;
  /** More than the limiter lets pass. */
  readonly limited: LoadResult;
  /** Few requests, a second after `limited` ended. */
  readonly after: LoadResult;
}

/**
 * Calls of EKS Auth for each pod, on average, that nothing is wrong with: one; two more tries where a machine that is busy let one
 * time out; and as much again for a pod that waited for those in vain.
 */
const MOST_CALLS = 6;
/** What is compiled of hot code while a load runs takes less; a request with its answer takes some thousands. */
const MOST_HEAP = 500;

/** What is wrong with an agent under load, in sentences; none where nothing is. Counts alone decide: no answer is too late. */
export function findings({ cold, warm, calls, heapPerRequest, limited, after }: Observed): readonly string[] {
  const found: string[] = [];
  const loads = [cold, warm, limited, after];
  const wrong = loads.reduce((sum, { wrongIdentities }) => sum + wrongIdentities, 0);
  if (wrong > 0) found.push(`${wrong} answers had credentials of another pod`);
  const total = [...calls.values()].reduce((sum, count) => sum + count, 0);
  const perPod = total / calls.size;
  if (perPod > MOST_CALLS) found.push(`EKS Auth was called ${perPod.toFixed(0)} times for each of ${calls.size} pods`);
  if (heapPerRequest > MOST_HEAP) found.push(`the heap grew by ${heapPerRequest.toFixed(0)} bytes with each request`);
  const passed = limited.statuses.get(200) ?? 0;
  const documented = letThrough(limited);
  // Fewer say nothing: requests of a machine that is busy come in heaps, of which 500 pass.
  if (passed > documented * 1.2)
    found.push(`the limiter let ${passed} requests pass where ${documented.toFixed(0)} are documented`);
  const still = after.statuses.get(429) ?? 0;
  if (still > 0) found.push(`${still} of ${after.requests} requests met 429 after the load had ended`);
  return found;
}
