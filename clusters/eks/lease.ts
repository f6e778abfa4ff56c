import { setTimeout as sleep } from 'node:timers/promises';
import type { V1Lease } from '@kubernetes/client-node';
import { ClusterError } from '../../foundation/node/cluster-error.ts';
import { poll, retry } from '../../foundation/node/poll.ts';
import type { Stored } from '../kubernetes/index.ts';
import { find, TRIES } from '../in-cluster/objects.ts';
import type { InClusterOptions } from '../in-cluster/options.ts';
import { hasStatus, ignoring, type Connection } from '../../foundation/protocols/kubernetes-connection.ts';

/** Names the Lease of the run that uses an existing cluster (Kubernetes, "Leases"). */
export const LEASE = 'eks-pod-identity-conformance';
const COLLECTION = '/apis/coordination.k8s.io/v1/namespaces/kube-system/leases';
const PATH = `${COLLECTION}/${LEASE}`;

/** Seconds until the lease of a killed run expires. */
const DURATION = 60;
const RENEWAL_MILLISECONDS = 10_000;
const LONGEST_ANSWER = 10_000;

type Lease = Stored<V1Lease>;

export interface HeldLease {
  /** Deletes the Lease, unless another run holds it. */
  release(): Promise<void>;
}

export interface LeaseOptions extends Pick<InClusterOptions, 'run' | 'signal' | 'progress'> {
  /** Name of the cluster in messages. */
  readonly cluster: string;
  readonly now?: () => number;
  readonly renewalMilliseconds?: number;
}

/**
 * Acquires the cluster's lease for this run and renews it until it is released. Takes over an expired lease. Throws
 * `ClusterError` CLUSTER_IN_USE with the other run, and `KubernetesError`.
 */
export async function takeLease(connection: Connection, options: LeaseOptions): Promise<HeldLease> {
  const holder = { now: Date.now, renewalMilliseconds: RENEWAL_MILLISECONDS, ...options };
  const { cluster, run, signal } = holder;
  await poll(async (attempt) => (await acquire(connection, holder, attempt)) || undefined, {
    ...TRIES,
    signal,
    what: `the Lease of cluster ${cluster}, which other runs kept changing`,
  });
  const stop = new AbortController();
  const renewing = renew(connection, holder, stop.signal);
  return {
    release: async () => {
      stop.abort();
      await renewing;
      await endLease(connection, run);
    },
  };
}

/** Returns true if this run holds the lease, false if another was faster. */
async function acquire(
  connection: Connection,
  { cluster, run, now }: Required<LeaseOptions>,
  signal: AbortSignal,
): Promise<boolean> {
  const stored = await find<Lease>(connection, PATH, signal);
  const until = endOf(stored);
  const holder = stored?.spec?.holderIdentity ?? '';
  if (holder !== '' && holder !== run && until > now())
    throw new ClusterError(
      'CLUSTER_IN_USE',
      `Cluster ${cluster} is in use by run ${holder} until at least ${new Date(until).toISOString()}. Wait for it to end, or use another cluster.`,
    );
  try {
    await write(connection, run, now(), stored, signal);
    return true;
  } catch (error) {
    if (hasStatus(error, 409)) return false;
    throw error;
  }
}

/** Renews the lease until the signal fires. Ignores a failed renewal, since the next one follows soon. */
async function renew(connection: Connection, options: Required<LeaseOptions>, signal: AbortSignal): Promise<void> {
  const { cluster, run, now, renewalMilliseconds, progress } = options;
  for (;;) {
    const stopped = await sleep(renewalMilliseconds, false, { signal, ref: false }).catch(() => true);
    if (stopped) return;
    try {
      const attempt = AbortSignal.any([signal, AbortSignal.timeout(LONGEST_ANSWER)]);
      const stored = await find<Lease>(connection, PATH, attempt);
      const holder = stored?.spec?.holderIdentity;
      if (stored !== undefined && holder !== run) {
        progress(`run ${holder ?? 'unknown'} took over cluster ${cluster}: the lease of this run had expired`);
        return;
      }
      await write(connection, run, now(), stored, attempt);
    } catch {
      continue;
    }
  }
}

/** Creates the Lease, or updates it if it is still the version that was read. */
const write = (connection: Connection, run: string, now: number, stored: Lease | undefined, signal: AbortSignal) =>
  stored === undefined
    ? connection.json('POST', COLLECTION, leaseOf(run, now), signal)
    : connection.json('PATCH', PATH, leaseOf(run, now, stored.metadata?.resourceVersion), signal);

/** Returns the lease's holder and expiry, or undefined. Throws `KubernetesError`. */
export async function findLease(
  connection: Connection,
  signal: AbortSignal,
): Promise<{ readonly run: string; readonly until: Date } | undefined> {
  const stored = await find<Lease>(connection, PATH, signal);
  return stored && { run: stored.spec?.holderIdentity ?? '', until: new Date(endOf(stored)) };
}

/** Deletes this run's lease. Throws `KubernetesError` and network errors. */
export async function endLease(connection: Connection, run: string): Promise<void> {
  await retry(async (signal) => {
    const stored = await find<Lease>(connection, PATH, signal);
    if (stored?.spec?.holderIdentity !== run) return;
    const { uid, resourceVersion } = stored.metadata ?? {};
    // It may be deleted, or another run may hold it.
    const deleting = connection.json('DELETE', PATH, { preconditions: { uid, resourceVersion } }, signal);
    await deleting.catch(ignoring(404, 409));
  }, TRIES);
}

function leaseOf(run: string, now: number, resourceVersion?: string): object {
  // MicroTime has six fractional digits.
  const time = new Date(now).toISOString().replace('Z', '000Z');
  return {
    apiVersion: 'coordination.k8s.io/v1',
    kind: 'Lease',
    metadata: { name: LEASE, namespace: 'kube-system', ...(resourceVersion !== undefined && { resourceVersion }) },
    spec: { holderIdentity: run, leaseDurationSeconds: DURATION, renewTime: time },
  };
}

/** Returns the expiry in milliseconds since the epoch. */
function endOf(lease: Lease | undefined): number {
  const { renewTime, leaseDurationSeconds } = lease?.spec ?? {};
  const since = Date.parse(renewTime ?? '');
  return Number.isNaN(since) ? 0 : since + (leaseDurationSeconds ?? DURATION) * 1000;
}
