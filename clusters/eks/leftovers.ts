import { AGENT_OBJECTS } from '../in-cluster/agent.ts';
import { find, pathOf, removeObjects, type ObjectMeta } from '../in-cluster/objects.ts';
import { removeNamespace } from '../in-cluster/namespaces.ts';
import type { Connection } from '../../foundation/protocols/kubernetes-connection.ts';
import { EXPIRES_ANNOTATION, RUN_LABEL } from '../../foundation/protocols/labels.ts';
import { endLease, findLease, LEASE } from './lease.ts';

/** An object that a run left in an existing cluster. */
export interface InCluster {
  readonly kind: 'namespace' | 'DaemonSet' | 'Lease';
  readonly name: string;
  readonly run: string;
  /** Usually ISO 8601; not validated. */
  readonly expires: string;
}

/** Response timeout in milliseconds. */
const LONGEST_ANSWER = 10_000;
/** Milliseconds; includes the pods' grace period of 30 s. */
const REMOVAL = 60_000;

interface Marked {
  readonly metadata: ObjectMeta & { readonly annotations?: Readonly<Record<string, string>> };
}

/** Lists leftovers of runs. Throws network errors and `KubernetesError`. */
export async function findInCluster(connection: Connection): Promise<readonly InCluster[]> {
  const signal = AbortSignal.timeout(LONGEST_ANSWER);
  const selector = encodeURIComponent(RUN_LABEL);
  const [{ items }, agents, lease] = await Promise.all([
    connection.json<{ items: readonly Marked[] }>(
      'GET',
      `/api/v1/namespaces?labelSelector=${selector}`,
      undefined,
      signal,
    ),
    Promise.all(AGENT_OBJECTS.map((object) => find<Marked>(connection, pathOf(object), signal))),
    findLease(connection, signal),
  ]);
  const markedObject = (kind: InCluster['kind'], { metadata }: Marked): InCluster[] => {
    const run = metadata.labels?.[RUN_LABEL];
    const expires = metadata.annotations?.[EXPIRES_ANNOTATION] ?? '';
    return run === undefined ? [] : [{ kind, name: metadata.name, run, expires }];
  };
  return [
    ...items.flatMap((item) => markedObject('namespace', item)),
    ...agents.flatMap((agent) => (agent === undefined ? [] : markedObject('DaemonSet', agent))),
    // A lease states its own expiry.
    ...(lease === undefined
      ? []
      : [{ kind: 'Lease', name: LEASE, run: lease.run, expires: lease.until.toISOString() } as const]),
  ];
}

/** Deletes a leftover and waits. Throws `ClusterError`, and errors like `findInCluster`. */
export async function removeFromExisting({ kind, name, run }: InCluster, connection: Connection): Promise<void> {
  switch (kind) {
    case 'namespace':
      return removeNamespace(connection, name);
    case 'DaemonSet':
      return removeObjects(connection, AGENT_OBJECTS, {
        run,
        within: REMOVAL,
        signal: AbortSignal.timeout(REMOVAL + LONGEST_ANSWER),
      });
    case 'Lease':
      return endLease(connection, run);
  }
}
