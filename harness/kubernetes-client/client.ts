import { createInterface } from 'node:readline';
import type {
  AuthenticationV1TokenRequest,
  CoreV1Event,
  CoreV1EventList,
  KubeConfig,
  V1Pod,
  V1PodList,
  V1ServiceAccount,
  V1TokenReview,
} from '@kubernetes/client-node';
import { connect, textOf, type Connection } from '../../foundation/kubernetes/connection.ts';
import { removeNamespace } from '../../clusters/in-cluster/index.ts';
import { NETWORK, patient } from './patient.ts';
import { watchPods } from './watch.ts';

export interface RawRequest {
  readonly method?: string;
  readonly path: string;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  /** `anonymous`: no credentials; `{ token }`: this bearer token; default: the kubeconfig's user. */
  readonly as?: 'anonymous' | { readonly token: string };
}

export interface RawAnswer {
  readonly status: number;
  readonly body: string;
  readonly contentType: string | undefined;
}

/** Which part of a log is read; each line then begins with the time at which it was written, where the server tells it. */
export interface LogOptions {
  /** Lines since then alone, as far as the server can tell. */
  readonly since: Date;
  /** The last lines of these. */
  readonly tailLines: number;
  /** Of the container before its last restart. */
  readonly previous?: boolean;
  /** The last bytes of these. */
  readonly maxBytes: number;
  readonly signal: AbortSignal;
}

/** The harness' view of one cluster's Kubernetes API: the calls it needs, with one kind of error. */
export interface KubernetesClient {
  createNamespace(
    name: string,
    labels: Readonly<Record<string, string>>,
    annotations: Readonly<Record<string, string>>,
  ): Promise<void>;
  /** Deletes a namespace with all that is in it; resolves when it is gone: until its pods have ended, its name cannot be taken. */
  removeNamespace(name: string): Promise<void>;
  createServiceAccount(namespace: string, serviceAccount: V1ServiceAccount): Promise<void>;
  patchServiceAccountAnnotations(
    namespace: string,
    name: string,
    annotations: Readonly<Record<string, string | null>>,
  ): Promise<void>;
  createSecret(
    namespace: string,
    metadata: { readonly name: string; readonly labels: Readonly<Record<string, string>> },
    data: Readonly<Record<string, string>>,
  ): Promise<void>;
  /** A Role, and its RoleBinding to a user under the same name. */
  createRole(
    namespace: string,
    metadata: { readonly name: string; readonly labels: Readonly<Record<string, string>> },
    rules: readonly { apiGroups: string[]; resources: string[]; verbs: string[] }[],
    user: string,
  ): Promise<void>;
  createPod(namespace: string, pod: V1Pod): Promise<V1Pod>;
  deletePod(namespace: string, name: string, graceSeconds?: number): Promise<void>;
  annotatePod(namespace: string, name: string, annotations: Readonly<Record<string, string>>): Promise<void>;
  listPods(namespace: string, labelSelector: string, signal?: AbortSignal): Promise<readonly V1Pod[]>;
  /**
   * Events of a namespace, up to 1000. The core group's list has those of `events.k8s.io` too: both are views of the same
   * objects (Kubernetes API reference, Event v1), though an event then may have `eventTime` and no `lastTimestamp`.
   */
  listEvents(namespace: string, signal: AbortSignal): Promise<readonly CoreV1Event[]>;
  createToken(
    namespace: string,
    serviceAccount: string,
    spec: { audiences: string[]; expirationSeconds?: number; boundPod?: { name: string; uid: string } },
  ): Promise<string>;
  reviewToken(
    token: string,
  ): Promise<{ authenticated: boolean; error: string | undefined; username: string | undefined }>;
  /** Calls `listener` for every change of pods with this label, until `stop` is called; starts again when the server ends it. */
  watchPods(labelSelector: string, listener: (pod: V1Pod, deleted: boolean) => void): Promise<{ stop(): void }>;
  /** Lines of a container's log as they come; resolves when the log ends or `signal` fires. */
  followLog(
    namespace: string,
    pod: string,
    container: string,
    onLine: (line: string) => void,
    signal: AbortSignal,
  ): Promise<void>;
  /** What a container (an init container too) has logged: its end. Throws `KubernetesError` while it has not started. */
  readLog(namespace: string, pod: string, container: string, options: LogOptions): Promise<string>;
  raw(request: RawRequest): Promise<RawAnswer>;
  /** Ends the connections. */
  close(): void;
}

/** @param networkMilliseconds how long a network that is away is waited for. */
export function kubernetesClient(config: KubeConfig, networkMilliseconds: number = NETWORK.here): KubernetesClient {
  const connection = patient(connect(config), { networkMilliseconds });
  const { json } = connection;
  const inNamespace = (namespace: string, resource: string): string => `/api/v1/namespaces/${namespace}/${resource}`;
  const get = async <T>(path: string, signal?: AbortSignal): Promise<T> =>
    signal === undefined ? json('GET', path) : (JSON.parse(await textOf(await connection.open(path, signal))) as T);
  const annotate = (path: string, annotations: Readonly<Record<string, string | null>>): Promise<void> =>
    json('PATCH', path, { metadata: { annotations } });

  return {
    createNamespace: (name, labels, annotations) =>
      json('POST', '/api/v1/namespaces', {
        apiVersion: 'v1',
        kind: 'Namespace',
        metadata: { name, labels, annotations },
      }),
    removeNamespace: (name) => removeNamespace(connection, name),
    createServiceAccount: (namespace, serviceAccount) =>
      json('POST', inNamespace(namespace, 'serviceaccounts'), {
        apiVersion: 'v1',
        kind: 'ServiceAccount',
        ...serviceAccount,
      }),
    patchServiceAccountAnnotations: (namespace, name, annotations) =>
      annotate(inNamespace(namespace, `serviceaccounts/${name}`), annotations),
    createSecret: (namespace, metadata, data) =>
      json('POST', inNamespace(namespace, 'secrets'), {
        apiVersion: 'v1',
        kind: 'Secret',
        metadata,
        stringData: data,
      }),
    createRole: async (namespace, metadata, rules, user) => {
      const group = 'rbac.authorization.k8s.io';
      const path = `/apis/${group}/v1/namespaces/${namespace}`;
      const apiVersion = `${group}/v1`;
      await json('POST', `${path}/roles`, { apiVersion, kind: 'Role', metadata, rules });
      await json('POST', `${path}/rolebindings`, {
        apiVersion,
        kind: 'RoleBinding',
        metadata,
        roleRef: { apiGroup: group, kind: 'Role', name: metadata.name },
        subjects: [{ kind: 'User', name: user, apiGroup: group }],
      });
    },
    createPod: (namespace, pod) =>
      json('POST', inNamespace(namespace, 'pods'), { apiVersion: 'v1', kind: 'Pod', ...pod }),
    deletePod: (namespace, name, graceSeconds) =>
      json(
        'DELETE',
        inNamespace(
          namespace,
          `pods/${name}${graceSeconds === undefined ? '' : `?gracePeriodSeconds=${graceSeconds}`}`,
        ),
      ),
    annotatePod: (namespace, name, annotations) => annotate(inNamespace(namespace, `pods/${name}`), annotations),
    listPods: async (namespace, labelSelector, signal) => {
      const query = new URLSearchParams({ labelSelector }).toString();
      return (await get<V1PodList>(inNamespace(namespace, `pods?${query}`), signal)).items;
    },
    listEvents: async (namespace, signal) =>
      (await get<CoreV1EventList>(inNamespace(namespace, 'events?limit=1000'), signal)).items,
    createToken: async (namespace, serviceAccount, { audiences, expirationSeconds, boundPod }) => {
      const answer = await json<AuthenticationV1TokenRequest>(
        'POST',
        inNamespace(namespace, `serviceaccounts/${serviceAccount}/token`),
        {
          apiVersion: 'authentication.k8s.io/v1',
          kind: 'TokenRequest',
          spec: {
            audiences,
            ...(expirationSeconds !== undefined && { expirationSeconds }),
            ...(boundPod && { boundObjectRef: { apiVersion: 'v1', kind: 'Pod', ...boundPod } }),
          },
        },
      );
      return answer.status?.token ?? '';
    },
    reviewToken: async (token) => {
      const { status } = await json<V1TokenReview>('POST', '/apis/authentication.k8s.io/v1/tokenreviews', {
        apiVersion: 'authentication.k8s.io/v1',
        kind: 'TokenReview',
        spec: { token },
      });
      return { authenticated: status?.authenticated ?? false, error: status?.error, username: status?.user?.username };
    },
    watchPods: (labelSelector, listener) => watchPods(connection, labelSelector, listener),
    followLog: (namespace, pod, container, onLine, signal) =>
      followLog(
        connection,
        inNamespace(namespace, `pods/${pod}/log?container=${container}&follow=true`),
        onLine,
        signal,
      ),
    readLog: (namespace, pod, container, options) =>
      readLog(connection, inNamespace(namespace, `pods/${pod}/log`), container, options),
    raw: (request) => raw(connection, request),
    close: () => connection.close(),
  };
}

async function followLog(
  connection: Connection,
  path: string,
  onLine: (line: string) => void,
  signal: AbortSignal,
): Promise<void> {
  const answer = await connection.open(path, signal);
  try {
    for await (const line of createInterface({ input: answer })) onLine(line);
  } catch (error) {
    if (!signal.aborted) throw error;
  }
}

/** The API's own `limitBytes` keeps the beginning; what went wrong is at the end. */
async function readLog(
  connection: Connection,
  path: string,
  container: string,
  { since, tailLines, previous = false, maxBytes, signal }: LogOptions,
): Promise<string> {
  const query = new URLSearchParams({
    container,
    timestamps: 'true',
    sinceTime: since.toISOString().replace(/\.\d+Z$/, 'Z'),
    tailLines: String(tailLines),
    ...(previous && { previous: 'true' }),
  });
  const answer = await connection.open(`${path}?${query.toString()}`, signal);
  const chunks: Buffer[] = [];
  let bytes = 0;
  let cut = false;
  for await (const chunk of answer) {
    chunks.push(chunk as Buffer);
    bytes += (chunk as Buffer).length;
    while (bytes > maxBytes) {
      bytes -= chunks.shift()?.length ?? 0;
      cut = true;
    }
  }
  const text = Buffer.concat(chunks).toString('utf8');
  // Not half a line: what is left of a secret could not be told any more.
  return cut ? text.slice(text.indexOf('\n') + 1) : text;
}

async function raw(
  connection: Connection,
  { method = 'GET', path, body, headers = {}, as }: RawRequest,
): Promise<RawAnswer> {
  const answer = await connection.send({
    method,
    path,
    headers: {
      ...(body !== undefined && { 'content-type': 'application/json' }),
      ...(as !== undefined && as !== 'anonymous' && { authorization: `Bearer ${as.token}` }),
      ...headers,
    },
    authenticated: as === undefined,
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
  return { status: answer.statusCode ?? 0, body: await textOf(answer), contentType: answer.headers['content-type'] };
}
