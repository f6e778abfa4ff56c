import { createInterface } from 'node:readline';
import type {
  AuthenticationV1TokenRequest,
  KubeConfig,
  V1Pod,
  V1PodList,
  V1ServiceAccount,
  V1TokenReview,
} from '@kubernetes/client-node';
import { connect, textOf, type Connection } from '../../clusters/kubernetes/connection.ts';

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

/** The harness' view of one cluster's Kubernetes API: the calls it needs, with one kind of error. */
export interface KubernetesClient {
  createNamespace(name: string, labels: Readonly<Record<string, string>>): Promise<void>;
  deleteNamespace(name: string): Promise<void>;
  createServiceAccount(namespace: string, serviceAccount: V1ServiceAccount): Promise<void>;
  patchServiceAccountAnnotations(
    namespace: string,
    name: string,
    annotations: Readonly<Record<string, string | null>>,
  ): Promise<void>;
  createSecret(namespace: string, name: string, data: Readonly<Record<string, string>>): Promise<void>;
  createRole(
    namespace: string,
    name: string,
    rules: readonly { apiGroups: string[]; resources: string[]; verbs: string[] }[],
    user: string,
  ): Promise<void>;
  createPod(namespace: string, pod: V1Pod): Promise<V1Pod>;
  deletePod(namespace: string, name: string, graceSeconds?: number): Promise<void>;
  annotatePod(namespace: string, name: string, annotations: Readonly<Record<string, string>>): Promise<void>;
  listPods(namespace: string, labelSelector: string): Promise<readonly V1Pod[]>;
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
  raw(request: RawRequest): Promise<RawAnswer>;
  /** Ends the connections. */
  close(): void;
}

export function kubernetesClient(config: KubeConfig): KubernetesClient {
  const connection = connect(config);
  const { json } = connection;
  const inNamespace = (namespace: string, resource: string): string => `/api/v1/namespaces/${namespace}/${resource}`;
  const annotate = (path: string, annotations: Readonly<Record<string, string | null>>): Promise<void> =>
    json('PATCH', path, { metadata: { annotations } });

  return {
    createNamespace: (name, labels) =>
      json('POST', '/api/v1/namespaces', { apiVersion: 'v1', kind: 'Namespace', metadata: { name, labels } }),
    deleteNamespace: (name) => json('DELETE', `/api/v1/namespaces/${name}`),
    createServiceAccount: (namespace, serviceAccount) =>
      json('POST', inNamespace(namespace, 'serviceaccounts'), {
        apiVersion: 'v1',
        kind: 'ServiceAccount',
        ...serviceAccount,
      }),
    patchServiceAccountAnnotations: (namespace, name, annotations) =>
      annotate(inNamespace(namespace, `serviceaccounts/${name}`), annotations),
    createSecret: (namespace, name, data) =>
      json('POST', inNamespace(namespace, 'secrets'), {
        apiVersion: 'v1',
        kind: 'Secret',
        metadata: { name },
        stringData: data,
      }),
    createRole: async (namespace, name, rules, user) => {
      const group = 'rbac.authorization.k8s.io';
      const path = `/apis/${group}/v1/namespaces/${namespace}`;
      const apiVersion = `${group}/v1`;
      await json('POST', `${path}/roles`, { apiVersion, kind: 'Role', metadata: { name }, rules });
      await json('POST', `${path}/rolebindings`, {
        apiVersion,
        kind: 'RoleBinding',
        metadata: { name },
        roleRef: { apiGroup: group, kind: 'Role', name },
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
    listPods: async (namespace, labelSelector) => {
      const query = new URLSearchParams({ labelSelector }).toString();
      return (await json<V1PodList>('GET', inNamespace(namespace, `pods?${query}`))).items;
    },
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
    raw: (request) => raw(connection, request),
    close: () => connection.close(),
  };
}

async function watchPods(
  connection: Connection,
  labelSelector: string,
  listener: (pod: V1Pod, deleted: boolean) => void,
): Promise<{ stop(): void }> {
  const controller = new AbortController();
  const { signal } = controller;
  const start = async (): Promise<void> => {
    const selector = new URLSearchParams({ labelSelector }).toString();
    const list = await connection.json<V1PodList>('GET', `/api/v1/pods?${selector}`);
    for (const pod of list.items) listener(pod, false);
    const query = new URLSearchParams({
      watch: '1',
      labelSelector,
      resourceVersion: list.metadata?.resourceVersion ?? '0',
    });
    const answer = await connection.open(`/api/v1/pods?${query.toString()}`, signal);
    void (async () => {
      try {
        for await (const line of createInterface({ input: answer })) {
          const { type, object } = JSON.parse(line) as { type: string; object: V1Pod };
          if (type === 'ADDED' || type === 'MODIFIED') listener(object, false);
          else if (type === 'DELETED') listener(object, true);
        }
      } catch {
        // A watch that breaks is started again like one that the server ends.
      }
      // Listed again, so that nothing between is missed.
      if (!signal.aborted) setTimeout(() => void start().catch(() => undefined), 200).unref();
    })();
  };
  await start();
  return { stop: () => controller.abort() };
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
