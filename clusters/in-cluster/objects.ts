/** Creates, updates and removes only the run's own objects. */
import { commandLine } from '../../foundation/node/command-line.ts';
import { ClusterError } from '../../foundation/node/cluster-error.ts';
import { hasStatus, ignoring, isTransient, type Connection } from '../../foundation/protocols/kubernetes-connection.ts';
import { RUN_LABEL } from '../../foundation/protocols/labels.ts';
import { poll } from '../../foundation/node/poll.ts';

/** Milliseconds. */
export const TRIES = { every: 300, within: 20_000, tolerates: isTransient };

export interface KubernetesObject {
  readonly apiVersion: string;
  readonly kind: Kind;
  readonly metadata: ObjectMeta;
  readonly [field: string]: unknown;
}

export interface ObjectMeta {
  readonly name: string;
  readonly namespace?: string;
  readonly uid?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
}

const RESOURCES = {
  Namespace: 'namespaces',
  Pod: 'pods',
  Job: 'jobs',
  Role: 'roles',
  RoleBinding: 'rolebindings',
  ServiceAccount: 'serviceaccounts',
  ClusterRole: 'clusterroles',
  ClusterRoleBinding: 'clusterrolebindings',
  Secret: 'secrets',
  ConfigMap: 'configmaps',
  Service: 'services',
  Deployment: 'deployments',
  DaemonSet: 'daemonsets',
  MutatingWebhookConfiguration: 'mutatingwebhookconfigurations',
} as const;
type Kind = keyof typeof RESOURCES;

export type ObjectName = Pick<KubernetesObject, 'apiVersion' | 'kind' | 'metadata'>;

function collectionPath({ apiVersion, kind, metadata }: ObjectName): string {
  const root = apiVersion === 'v1' ? '/api/v1' : `/apis/${apiVersion}`;
  return `${root}${metadata.namespace === undefined ? '' : `/namespaces/${metadata.namespace}`}/${RESOURCES[kind]}`;
}

export const pathOf = (object: ObjectName): string => `${collectionPath(object)}/${object.metadata.name}`;

const nameOf = ({ kind, metadata }: ObjectName): string =>
  `${kind} ${metadata.namespace === undefined ? '' : `${metadata.namespace}/`}${metadata.name}`;

export async function find<T = KubernetesObject>(
  connection: Connection,
  path: string,
  signal?: AbortSignal,
): Promise<T | undefined> {
  try {
    return await connection.json<T>('GET', path, undefined, signal);
  } catch (error) {
    if (hasStatus(error, 404)) return undefined;
    throw error;
  }
}

/** Throws `ClusterError` NOT_OURS if the object lacks this run's label. */
export function demandOurs(object: ObjectName, run: string, what: string): void {
  const maker = object.metadata.labels?.[RUN_LABEL];
  if (maker === run) return;
  throw new ClusterError(
    'NOT_OURS',
    maker === undefined
      ? `The cluster already has ${what}, ${nameOf(object)}. Name a cluster without one, or remove it first.`
      : `${nameOf(object)} belongs to run ${maker}. Wait for that run, or remove its leftovers with \`${commandLine('sweep')}\`.`,
  );
}

/** Throws `ClusterError` NOT_OURS if another object has one of the names. */
export async function refuseTakenNames(
  connection: Connection,
  objects: readonly ObjectName[],
  { run, what, signal }: { readonly run: string; readonly what: string; readonly signal: AbortSignal },
): Promise<void> {
  const stored = await Promise.all(objects.map((object) => find(connection, pathOf(object), signal)));
  for (const [index, storedObject] of stored.entries()) {
    // Items of a typed list may lack their kind.
    const { apiVersion = '', kind = 'Secret' } = objects[index] ?? {};
    if (storedObject !== undefined) demandOurs({ apiVersion, kind, metadata: storedObject.metadata }, run, what);
  }
}

/** Creates the object, or updates the run's own. */
export async function put(connection: Connection, object: KubernetesObject, signal: AbortSignal): Promise<void> {
  await poll<true>(
    async (attempt) => {
      const path = pathOf(object);
      try {
        if ((await find(connection, path, attempt)) !== undefined)
          await connection.json('PATCH', path, object, attempt);
        else await connection.json('POST', collectionPath(object), object, attempt);
        return true;
      } catch (error) {
        // It was created by a request whose response was lost.
        if (hasStatus(error, 409)) return undefined;
        throw error;
      }
    },
    {
      ...TRIES,
      signal,
      late: () =>
        new ClusterError(
          'CLUSTER_FAILED',
          `The API server did not store ${nameOf(object)} within ${TRIES.within / 1000} s. Check whether it is reachable.`,
        ),
    },
  );
}

/** Deletes the run's objects and their dependents, and waits. */
export async function removeObjects(
  connection: Connection,
  objects: readonly ObjectName[],
  { run, within, signal }: { readonly run: string; readonly within: number; readonly signal: AbortSignal },
): Promise<void> {
  await Promise.all(
    objects.map(async (object) => {
      const path = pathOf(object);
      await poll<true>(
        async (attempt) => {
          const stored = await find(connection, path, attempt);
          if (stored === undefined || stored.metadata.labels?.[RUN_LABEL] !== run) return true;
          const options = { propagationPolicy: 'Foreground', preconditions: { uid: stored.metadata.uid } };
          await connection.json('DELETE', path, options, attempt).catch(ignoring(404, 409));
          return undefined;
        },
        {
          every: 250,
          within,
          signal,
          tolerates: isTransient,
          late: () =>
            new ClusterError(
              'CLUSTER_FAILED',
              `${nameOf(object)} still exists ${within / 1000} s after its deletion. Check its finalizers with "kubectl get".`,
            ),
        },
      );
    }),
  );
}
