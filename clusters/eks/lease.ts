import { setTimeout as sleep } from 'node:timers/promises';
import type { V1Lease } from '@kubernetes/client-node';
import { ClusterError } from '../../foundation/node/cluster-error.ts';
import { poll, retry } from '../../foundation/node/poll.ts';
import type { Stored } from '../kubernetes/index.ts';
import { find, TRIES } from '../in-cluster/objects.ts';
import type { InClusterOptions } from '../in-cluster/options.ts';
import { hasStatus, ignoring, type Connection } from '../../foundation/protocols/kubernetes-connection.ts';

/** Lease of an existing cluster's user (Kubernetes, "Leases"). */
export const LEASE = 'eks-pod-identity-conformance';
const COLLECTION = '/apis/coordination.k8s.io/v1/namespaces/kube-system/leases';
const PATH = `${COLLECTION}/${LEASE}`;

/** Seconds until an unrenewed lease expires: its run was killed. */
const DURATION = 60;
const RENEWAL_MILLISECONDS = 10_000;
const LONGEST_ANSWER = 10_000;

type Lease = Stored<V1Lease>;

export interface HeldLease {
  /** Resolves when the Lease is gone, unless another run has it. */
  release(): Promise<void>;
}

export interface LeaseOptions extends Pick<InClusterOptions, 'run' | 'signal' | 'progress'> {
  /** For messages. */
  readonly cluster: string;
  readonly now?: () => number;
  readonly renewalMilliseconds?: number;
}

/**
 * Takes the cluster for this run, and renews the lease until released. Expired leases are taken over. Throws `ClusterError`
 * CLUSTER_IN_USE with the other run, and `KubernetesError`.
 */
export async function takeLease(connection: Connection, options: LeaseOptions): Promise<HeldLease> {
  const holder = { now: Date.now, renewalMilliseconds: RENEWAL_MILLISECONDS, ...options };
  const { cluster, run, signal } = holder;
  await poll(async (attempt) => (await acquire(connection, holder, attempt)) || undefined, {
    ...TRIES,
    signal,
    what: `the Lease of cluster ${cluster}, which others changed again and again`,
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

/** Returns whether this run has the lease; false if another was faster. */
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
      `Cluster ${cluster} is in use by run ${holder} until ${new Date(until).toISOString()} or longer: wait for it to end, or use another cluster.`,
    );
  try {
    await write(connection, run, now(), stored, signal);
    return true;
  } catch (error) {
    if (hasStatus(error, 409)) return false;
    throw error;
  }
}

/** Failed renewals are repeated with the next. */
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
        progress(`cluster ${cluster} was taken by run ${holder ?? 'unknown'}: its lease had run out here`);
        return;
      }
      await write(connection, run, now(), stored, attempt);
    } catch {
      continue;
    }
  }
}

/** Creates the Lease, or updates the version that was read. */
const write = (connection: Connection, run: string, now: number, stored: Lease | undefined, signal: AbortSignal) =>
  stored === undefined
    ? connection.json('POST', COLLECTION, leaseOf(run, now), signal)
    : connection.json('PATCH', PATH, leaseOf(run, now, stored.metadata?.resourceVersion), signal);

/** Returns the last holder and the expiry, or undefined. Throws `KubernetesError`. */
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
    // May be gone, or another run's.
    const deleting = connection.json('DELETE', PATH, { preconditions: { uid, resourceVersion } }, signal);
    await deleting.catch(ignoring(404, 409));
  }, TRIES);
}

function leaseOf(run: string, now: number, resourceVersion?: string): object {
  // MicroTime has six digits.
  const time = new Date(now).toISOString().replace('Z', '000Z');
  return {
    apiVersion: 'coordination.k8s.io/v1',
    kind: 'Lease',
    metadata: { name: LEASE, namespace: 'kube-system', ...(resourceVersion !== undefined && { resourceVersion }) },
    spec: { holderIdentity: run, leaseDurationSeconds: DURATION, renewTime: time },
  };
}

/** Milliseconds since the epoch. */
function endOf(lease: Lease | undefined): number {
  const { renewTime, leaseDurationSeconds } = lease?.spec ?? {};
  const since = Date.parse(renewTime ?? '');
  return Number.isNaN(since) ? 0 : since + (leaseDurationSeconds ?? DURATION) * 1000;
}
