import { ClusterError } from '../../foundation/node/cluster-error.ts';
import { RUN_LABEL } from '../../foundation/protocols/labels.ts';
import { ignoring, isTransient, type Connection } from '../../foundation/protocols/kubernetes-connection.ts';
import { poll } from '../../foundation/node/poll.ts';
import { find } from './objects.ts';

/** Milliseconds until a namespace must be gone: its pods may take a grace period. */
const NAMESPACE_GONE = 60_000;
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
  const path = `/api/v1/namespaces/${name}`;
  // It may be gone, or on its way already.
  await connection.json('DELETE', path, undefined, inTime()).catch(ignoring(404, 409));
  await poll<true>(async () => ((await find(connection, path, inTime())) === undefined ? true : undefined), {
    // On a real cluster this takes seconds, on an embedded one hardly any time.
    every: 20,
    longest: 500,
    within: NAMESPACE_GONE,
    tolerates: isTransient,
    late: () =>
      new ClusterError(
        'CLUSTER_FAILED',
        `Namespace ${name} was not gone ${NAMESPACE_GONE / 1000} s after it was deleted: see which of its pods or finalizers hold it.`,
      ),
  });
}
