import { setTimeout as sleep } from 'node:timers/promises';
import { ClusterError } from '../errors.ts';
import { RUN_LABEL } from '../labels.ts';
import { KubernetesError, type Connection } from '../kubernetes/connection.ts';

const POLL_MILLISECONDS = 200;
/** Milliseconds until namespaces must be gone: their pods may take a grace period. */
const NAMESPACES_GONE = 60_000;
/** Milliseconds that the API server may take for an answer while it is to be left. */
const LONGEST_ANSWER = 10_000;

/** Deletes the namespaces that a run made; resolves when they are gone. Throws `ClusterError`. */
export async function removeNamespaces(connection: Connection, run: string): Promise<void> {
  const end = Date.now() + NAMESPACES_GONE;
  const inTime = (): AbortSignal => AbortSignal.timeout(LONGEST_ANSWER);
  const selector = encodeURIComponent(`${RUN_LABEL}=${run}`);
  const left = async (): Promise<string[]> => {
    const path = `/api/v1/namespaces?labelSelector=${selector}`;
    const { items } = await connection.json<{ items: { metadata: { name: string } }[] }>(
      'GET',
      path,
      undefined,
      inTime(),
    );
    return items.map(({ metadata }) => metadata.name);
  };
  let names = await left();
  await Promise.all(
    names.map((name) =>
      connection.json('DELETE', `/api/v1/namespaces/${name}`, undefined, inTime()).catch((error: unknown) => {
        // It is gone, or on its way already.
        if (!(error instanceof KubernetesError && [404, 409].includes(error.status))) throw error;
      }),
    ),
  );
  for (; names.length > 0; names = await left()) {
    if (Date.now() > end)
      throw new ClusterError(
        'CLUSTER_FAILED',
        'environment',
        `Namespace ${names[0]} was not gone ${NAMESPACES_GONE / 1000} s after it was deleted: see which of its pods or finalizers hold it.`,
      );
    await sleep(POLL_MILLISECONDS);
  }
}
