import type { JsonWebKeySet } from '../../emulator/index.ts';
import { ClusterError } from '../errors.ts';
import { RUN_LABEL } from '../labels.ts';
import { KubernetesError, textOf, type Connection } from '../kubernetes/connection.ts';
import type { DaemonSetView } from './capabilities.ts';

export interface NodeObject {
  readonly metadata: { readonly name: string };
  readonly spec?: { readonly providerID?: string };
  readonly status?: {
    readonly conditions?: readonly { readonly type: string; readonly status: string; readonly message?: string }[];
    readonly nodeInfo?: {
      readonly containerRuntimeVersion: string;
      readonly kernelVersion: string;
      readonly osImage: string;
    };
  };
}

export async function nodesOf(connection: Connection, signal?: AbortSignal): Promise<readonly NodeObject[]> {
  return (await connection.json<{ items: NodeObject[] }>('GET', '/api/v1/nodes', undefined, signal)).items;
}

export async function daemonSetsOf(connection: Connection): Promise<readonly DaemonSetView[]> {
  return (await connection.json<{ items: DaemonSetView[] }>('GET', '/apis/apps/v1/daemonsets')).items;
}

const POLL_MILLISECONDS = 200;
const pause = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, POLL_MILLISECONDS));

/** Resolves once the API server answers this caller: it may refuse it while its roles are being made. */
export async function apiAnswers(connection: Connection, signal: AbortSignal): Promise<void> {
  for (;;) {
    signal.throwIfAborted();
    try {
      await connection.json('GET', '/api/v1/namespaces/kube-system', undefined, signal);
      return;
    } catch {
      await pause();
    }
  }
}

/** Resolves to the nodes once there are some and all are ready. */
export async function nodesReady(connection: Connection, signal: AbortSignal): Promise<readonly NodeObject[]> {
  for (;;) {
    signal.throwIfAborted();
    const nodes = await nodesOf(connection, signal).catch(() => []);
    if (nodes.length > 0 && nodes.every(isReady)) return nodes;
    await pause();
  }
}

const isReady = ({ status }: NodeObject): boolean =>
  status?.conditions?.some(({ type, status: value }) => type === 'Ready' && value === 'True') ?? false;

/** Whether a pod with this UID exists. */
export async function podExists(
  connection: Connection,
  namespace: string,
  name: string,
  uid: string,
): Promise<boolean> {
  try {
    const path = `/api/v1/namespaces/${encodeURIComponent(namespace)}/pods/${encodeURIComponent(name)}`;
    const pod = await connection.json<{ metadata: { uid: string } }>('GET', path);
    return pod.metadata.uid === uid;
  } catch (error) {
    if (error instanceof KubernetesError && error.status === 404) return false;
    throw error;
  }
}

/** Public keys of the service account issuer. The API server gives them as nothing but `application/jwk-set+json`. */
export async function keysOf(connection: Connection): Promise<JsonWebKeySet> {
  const answer = await connection.send({
    method: 'GET',
    path: '/openid/v1/jwks',
    headers: { accept: 'application/jwk-set+json' },
  });
  const text = await textOf(answer);
  if (answer.statusCode !== 200)
    throw new Error(`the API server answered ${answer.statusCode} to a request for its keys`);
  return JSON.parse(text) as JsonWebKeySet;
}

/** The service account issuer (Kubernetes, "Managing Service Accounts", service account issuer discovery). */
export async function issuerOf(connection: Connection): Promise<string> {
  const path = '/.well-known/openid-configuration';
  return (await connection.json<{ issuer: string }>('GET', path)).issuer;
}

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
    await pause();
  }
}
