import { ClusterError } from '../../foundation/node/cluster-error.ts';
import { RUN_LABEL } from '../../foundation/protocols/labels.ts';
import { ignoring, isTransient, type Connection } from '../../foundation/protocols/kubernetes-connection.ts';
import { poll } from '../../foundation/node/poll.ts';
import { find } from './objects.ts';

/** Milliseconds, including grace periods. */
const NAMESPACE_GONE = 60_000;
/** Response timeout in milliseconds. */
const LONGEST_ANSWER = 10_000;

const inTime = (): AbortSignal => AbortSignal.timeout(LONGEST_ANSWER);

/** Deletes a run's namespaces and waits. Throws `ClusterError` and `KubernetesError`. */
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

/** Deletes a namespace and waits. Throws `ClusterError` and `KubernetesError`. */
export async function removeNamespace(connection: Connection, name: string): Promise<void> {
  const path = `/api/v1/namespaces/${name}`;
  // It may be deleted or terminating.
  await connection.json('DELETE', path, undefined, inTime()).catch(ignoring(404, 409));
  await poll<true>(async () => ((await find(connection, path, inTime())) === undefined ? true : undefined), {
    // Embedded clusters delete namespaces almost instantly.
    every: 20,
    longest: 500,
    within: NAMESPACE_GONE,
    tolerates: isTransient,
    late: () =>
      new ClusterError(
        'CLUSTER_FAILED',
        `Namespace ${name} still exists ${NAMESPACE_GONE / 1000} s after its deletion. Check its pods and finalizers.`,
      ),
  });
}
