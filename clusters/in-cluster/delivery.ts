import { randomBytes } from 'node:crypto';
import { ClusterError } from '../../foundation/node/cluster-error.ts';
import { ignoring, isTransient, type Connection } from '../../foundation/protocols/kubernetes-connection.ts';
import { NAMESPACE, type InClusterOptions } from './options.ts';
import { podsOf } from './rollout.ts';
import { poll } from '../../foundation/node/poll.ts';
import {
  DELIVERY_ANNOTATION,
  IDENTITIES,
  identitiesFile,
  MUTATE,
  WEBHOOK,
  WEBHOOK_LABELS,
  type Identity,
} from './webhook-manifest.ts';

/** Milliseconds. */
const TIMES = {
  within: 60_000,
  ask: 100,
  /** Interval of the pod changes that make the kubelet renew the volume. */
  renew: 1100,
};

/** The ConfigMap, and the webhook's Service as the API server's proxy names it. */
export const DELIVERY_OBJECTS = { configMap: IDENTITIES.configMap, service: `https:${WEBHOOK}:443` };

/**
 * Returns a function that delivers lists of associations to the webhook, skipping outdated ones. Adds a unique, fake service
 * account to each list: once the webhook changes its pod, the list is effective. Rejects with WEBHOOK_NOT_READY after a
 * minute.
 */
export function identitiesDelivery({
  connection,
  signal,
}: Pick<InClusterOptions, 'connection' | 'signal'>): (list: readonly Identity[]) => Promise<void> {
  return latestOnly(async (list) => {
    const mark = { namespace: NAMESPACE, serviceAccount: `${WEBHOOK}-list-${randomBytes(6).toString('hex')}` };
    const configMap = `/api/v1/namespaces/${NAMESPACE}/configmaps/${IDENTITIES.configMap}`;
    const data = { [IDENTITIES.key]: identitiesFile([...list, mark]) };
    const late = (): Error =>
      new ClusterError(
        'WEBHOOK_NOT_READY',
        `The Pod Identity webhook did not apply a changed list of associations within ${TIMES.within / 1000} s. Check the logs of deployment ${NAMESPACE}/${WEBHOOK}.`,
      );
    const patience = { within: TIMES.within, signal, tolerates: isTransient, late };
    const patch = (attempt: AbortSignal): Promise<object> => connection.json('PATCH', configMap, { data }, attempt);
    await poll(patch, { ...patience, every: 300 });
    let renewed = -Infinity;
    await poll<true>(
      async (attempt) => {
        if (Date.now() - renewed >= TIMES.renew) {
          renewed = Date.now();
          await renewVolumes(connection, attempt);
        }
        return (await isKnown(connection, mark, attempt)) ? true : undefined;
      },
      { ...patience, every: TIMES.ask },
    );
  });
}

/** Changes an annotation that a volume shows, so that kubelets renew the volume now. */
async function renewVolumes(connection: Connection, signal: AbortSignal): Promise<void> {
  const annotations = { [DELIVERY_ANNOTATION]: randomBytes(6).toString('hex') };
  for (const { metadata } of await podsOf(connection, WEBHOOK_LABELS, signal)) {
    const path = `/api/v1/namespaces/${NAMESPACE}/pods/${metadata?.name}`;
    // The pod that replaces a deleted one mounts the newest list anyway.
    await connection.json('PATCH', path, { metadata: { annotations } }, signal).catch(ignoring(404));
  }
}

interface Review {
  readonly response?: { readonly patch?: string };
}

/** Returns whether the webhook mutates a pod with this service account. Calls it through the API server. */
async function isKnown(connection: Connection, identity: Identity, signal: AbortSignal): Promise<boolean> {
  const { namespace, serviceAccount } = identity;
  const { response } = await connection.json<Review>(
    'POST',
    MUTATE,
    {
      apiVersion: 'admission.k8s.io/v1beta1',
      kind: 'AdmissionReview',
      request: {
        uid: `${serviceAccount}-asked`,
        kind: { group: '', version: 'v1', kind: 'Pod' },
        resource: { group: '', version: 'v1', resource: 'pods' },
        namespace,
        operation: 'CREATE',
        object: {
          apiVersion: 'v1',
          kind: 'Pod',
          metadata: { name: 'conformance-check', namespace },
          spec: {
            serviceAccountName: serviceAccount,
            containers: [{ name: 'conformance-check', image: 'conformance-check' }],
          },
        },
      },
    },
    signal,
  );
  return Buffer.from(response?.patch ?? '', 'base64').includes('AWS_CONTAINER_CREDENTIALS_FULL_URI');
}

/** Serializes calls of `write` and skips outdated states. A call returns when its state, or a newer one, is written. */
export function latestOnly<T>(write: (state: T) => Promise<void>): (state: T) => Promise<void> {
  let waiting: { state: T; readonly written: Promise<void> } | undefined;
  let current: Promise<unknown> = Promise.resolve();
  return (state) => {
    if (waiting !== undefined) {
      waiting.state = state;
      return waiting.written;
    }
    const written = current.then(() => {
      const newest = waiting?.state ?? state;
      waiting = undefined;
      return write(newest);
    });
    waiting = { state, written };
    current = written.catch(() => undefined);
    return written;
  };
}
