import type { IncomingMessage } from 'node:http';
import { createInterface } from 'node:readline';
import {
  ApiException,
  AuthenticationV1Api,
  CoreV1Api,
  type KubeConfig,
  PatchStrategy,
  RbacAuthorizationV1Api,
  setHeaderOptions,
  type V1Pod,
  type V1ServiceAccount,
} from '@kubernetes/client-node';
import { connect, type Connection } from './connection.ts';

/** An answer of the API server that is no 2xx, in one form for all of the client's ways to fail. */
export class KubernetesError extends Error {
  override readonly name = 'KubernetesError';
  readonly status: number;
  /** Machine-readable reason of the Status object, such as `Forbidden`. */
  readonly reason: string;

  constructor(status: number, reason: string, message: string) {
    super(message);
    this.status = status;
    this.reason = reason;
  }
}

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
  const core = connection.api(CoreV1Api);
  const rbac = connection.api(RbacAuthorizationV1Api);
  const authentication = connection.api(AuthenticationV1Api);
  const mergePatch = setHeaderOptions('Content-Type', PatchStrategy.MergePatch);

  return {
    createNamespace: (name, labels) =>
      call(() => core.createNamespace({ body: { metadata: { name, labels: { ...labels } } } })),
    deleteNamespace: (name) => call(() => core.deleteNamespace({ name })),
    createServiceAccount: (namespace, body) => call(() => core.createNamespacedServiceAccount({ namespace, body })),
    patchServiceAccountAnnotations: (namespace, name, annotations) =>
      call(() =>
        core.patchNamespacedServiceAccount({ namespace, name, body: { metadata: { annotations } } }, mergePatch),
      ),
    createSecret: (namespace, name, data) =>
      call(() => core.createNamespacedSecret({ namespace, body: { metadata: { name }, stringData: { ...data } } })),
    createRole: async (namespace, name, rules, user) => {
      await call(() => rbac.createNamespacedRole({ namespace, body: { metadata: { name }, rules: [...rules] } }));
      await call(() =>
        rbac.createNamespacedRoleBinding({
          namespace,
          body: {
            metadata: { name },
            roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name },
            subjects: [{ kind: 'User', name: user, apiGroup: 'rbac.authorization.k8s.io' }],
          },
        }),
      );
    },
    createPod: (namespace, body) => result(() => core.createNamespacedPod({ namespace, body })),
    deletePod: (namespace, name, graceSeconds) =>
      call(() =>
        core.deleteNamespacedPod({
          namespace,
          name,
          ...(graceSeconds !== undefined && { gracePeriodSeconds: graceSeconds }),
        }),
      ),
    annotatePod: (namespace, name, annotations) =>
      call(() => core.patchNamespacedPod({ namespace, name, body: { metadata: { annotations } } }, mergePatch)),
    listPods: async (namespace, labelSelector) =>
      (await result(() => core.listNamespacedPod({ namespace, labelSelector }))).items,
    createToken: async (namespace, serviceAccount, { audiences, expirationSeconds, boundPod }) => {
      const answer = await result(() =>
        core.createNamespacedServiceAccountToken({
          namespace,
          name: serviceAccount,
          body: {
            spec: {
              audiences,
              ...(expirationSeconds !== undefined && { expirationSeconds }),
              ...(boundPod && { boundObjectRef: { apiVersion: 'v1', kind: 'Pod', ...boundPod } }),
            },
          },
        }),
      );
      return answer.status?.token ?? '';
    },
    reviewToken: async (token) => {
      const { status } = await result(() => authentication.createTokenReview({ body: { spec: { token } } }));
      return { authenticated: status?.authenticated ?? false, error: status?.error, username: status?.user?.username };
    },
    watchPods: (labelSelector, listener) => watchPods(connection, core, labelSelector, listener),
    followLog: (namespace, pod, container, onLine, signal) =>
      followLog(
        connection,
        `/api/v1/namespaces/${namespace}/pods/${pod}/log?container=${container}&follow=true`,
        onLine,
        signal,
      ),
    raw: (request) => raw(connection, request),
    close: () => connection.close(),
  };
}

async function result<T>(invoke: () => Promise<T>): Promise<T> {
  try {
    return await invoke();
  } catch (error) {
    throw toKubernetesError(error);
  }
}

const call = async (invoke: () => Promise<unknown>): Promise<void> => void (await result(invoke));

/** The client's exceptions hold the whole answer with headers; only status, reason and message go on. */
function toKubernetesError(error: unknown): unknown {
  if (!(error instanceof ApiException)) return error;
  const body: unknown = error.body;
  return statusError({
    status: error.code,
    body: typeof body === 'string' ? body : JSON.stringify(body),
    contentType: undefined,
  });
}

/** Reads the Status object of an answer. */
function statusError({ status, body }: RawAnswer): KubernetesError {
  let parsed: { reason?: string; message?: string } = {};
  try {
    parsed = JSON.parse(body) as typeof parsed;
  } catch {
    parsed = { message: body };
  }
  return new KubernetesError(status, parsed.reason ?? 'Unknown', parsed.message ?? `the API server answered ${status}`);
}

async function watchPods(
  connection: Connection,
  core: CoreV1Api,
  labelSelector: string,
  listener: (pod: V1Pod, deleted: boolean) => void,
): Promise<{ stop(): void }> {
  const controller = new AbortController();
  const { signal } = controller;
  const start = async (): Promise<void> => {
    const list = await result(() => core.listPodForAllNamespaces({ labelSelector }));
    for (const pod of list.items) listener(pod, false);
    const query = new URLSearchParams({
      watch: '1',
      labelSelector,
      resourceVersion: list.metadata?.resourceVersion ?? '0',
    });
    const answer = await connection.send({ method: 'GET', path: `/api/v1/pods?${query.toString()}`, signal });
    if (answer.statusCode !== 200)
      throw new KubernetesError(answer.statusCode ?? 0, 'Unknown', 'the API server refused a watch of pods');
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
  const answer = await connection.send({ method: 'GET', path, signal });
  if (answer.statusCode !== 200)
    throw statusError({ status: answer.statusCode ?? 0, body: await textOf(answer), contentType: undefined });
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

async function textOf(answer: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of answer) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString('utf8');
}
