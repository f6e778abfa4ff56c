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
  /** Until a list must be known. */
  within: 60_000,
  /** Between two questions whether it is. */
  ask: 100,
  /** After which the kubelet is given another reason to renew the volume. */
  renew: 1100,
};

/** What a delivery needs: the ConfigMap that it changes, and the webhook's Service as the API server's proxy names it. */
export const DELIVERY_OBJECTS = { configMap: IDENTITIES.configMap, service: `https:${WEBHOOK}:443` };

/**
 * Brings lists of service accounts to the webhook, the newest alone; a call resolves when the webhook acts on a list at
 * least as new as its own. Each list has a name of its own added, a service account that does not exist: when the webhook
 * would change a pod of that, it has read the list, whatever else is in it.
 *
 * Rejects with `ClusterError` WEBHOOK_NOT_READY when the webhook does not know the list within a minute.
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
        `The Pod Identity webhook did not take a changed list of associations within ${TIMES.within / 1000} s; see the logs of deployment ${NAMESPACE}/${WEBHOOK}.`,
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

/** Changes the webhook's pods where a volume shows it, so that kubelets renew their volumes now. */
async function renewVolumes(connection: Connection, signal: AbortSignal): Promise<void> {
  const annotations = { [DELIVERY_ANNOTATION]: randomBytes(6).toString('hex') };
  for (const { metadata } of await podsOf(connection, WEBHOOK_LABELS, signal)) {
    const path = `/api/v1/namespaces/${NAMESPACE}/pods/${metadata?.name}`;
    // One that was deleted meanwhile is followed by another, which mounts the newest list.
    await connection.json('PATCH', path, { metadata: { annotations } }, signal).catch(ignoring(404));
  }
}

interface Review {
  readonly response?: { readonly patch?: string };
}

/** Asks the webhook itself, through the API server, whether a pod of this service account would be given credentials. */
export async function isKnown(connection: Connection, identity: Identity, signal: AbortSignal): Promise<boolean> {
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

/**
 * Makes of `write` one that is called for the newest state alone: while a write is under way the states that come in
 * replace each other, and the last is written next. A call resolves when a state at least as new as its own was written,
 * and rejects as that write does.
 */
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
