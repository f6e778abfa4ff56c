import { setTimeout as sleep } from 'node:timers/promises';
import { ClusterError } from '../../foundation/cluster-error.ts';
import { RUN_LABEL } from '../../foundation/labels.ts';
import { KubernetesError, type Connection } from '../../foundation/kubernetes/connection.ts';
import { find } from './objects.ts';

const POLL_MILLISECONDS = 200;
/** Milliseconds until namespaces must be gone: their pods may take a grace period. */
const NAMESPACES_GONE = 60_000;
/** Milliseconds that the API server may take for an answer while it is to be left. */
const LONGEST_ANSWER = 10_000;

const inTime = (): AbortSignal => AbortSignal.timeout(LONGEST_ANSWER);

/** Deletes the namespaces that a run made; resolves when they are gone. Throws `ClusterError` and `KubernetesError`. */
export async function removeNamespaces(connection: Connection, run: string): Promise<void> {
  const selector = encodeURIComponent(`${RUN_LABEL}=${run}`);
  const path = `/api/v1/namespaces?labelSelector=${selector}`;
  const { items } = await connection.json<{ items: { metadata: { name: string } }[] }>(
    'GET',
    path,
    undefined,
    inTime(),
  );
  await Promise.all(items.map(({ metadata }) => removeNamespace(connection, metadata.name)));
}

/** Deletes a namespace with all that is in it; resolves when it is gone. Throws `ClusterError` and `KubernetesError`. */
export async function removeNamespace(connection: Connection, name: string): Promise<void> {
  const end = Date.now() + NAMESPACES_GONE;
  const path = `/api/v1/namespaces/${name}`;
  await connection.json('DELETE', path, undefined, inTime()).catch((error: unknown) => {
    // It is gone, or on its way already.
    if (!(error instanceof KubernetesError && [404, 409].includes(error.status))) throw error;
  });
  while ((await find(connection, path, inTime())) !== undefined) {
    if (Date.now() > end)
      throw new ClusterError(
        'CLUSTER_FAILED',
        'environment',
        `Namespace ${name} was not gone ${NAMESPACES_GONE / 1000} s after it was deleted: see which of its pods or finalizers hold it.`,
      );
    await sleep(POLL_MILLISECONDS);
  }
}
