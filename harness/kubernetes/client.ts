import { request as httpsRequest } from 'node:https';
import { PassThrough } from 'node:stream';
import { createInterface } from 'node:readline';
import {
  ApiException,
  AuthenticationV1Api,
  CoreV1Api,
  type KubeConfig,
  Log,
  PatchStrategy,
  RbacAuthorizationV1Api,
  setHeaderOptions,
  type V1Pod,
  type V1ServiceAccount,
  Watch,
} from '@kubernetes/client-node';

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
}

export function kubernetesClient(config: KubeConfig): KubernetesClient {
  const core = config.makeApiClient(CoreV1Api);
  const rbac = config.makeApiClient(RbacAuthorizationV1Api);
  const authentication = config.makeApiClient(AuthenticationV1Api);
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
    watchPods: (labelSelector, listener) => watchPods(config, core, labelSelector, listener),
    followLog: (namespace, pod, container, onLine, signal) =>
      followLog(config, { namespace, pod, container }, onLine, signal),
    raw: (request) => raw(config, request),
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
  let body: unknown = error.body;
  if (typeof body === 'string') {
    try {
      body = JSON.parse(body);
    } catch {
      body = { message: body };
    }
  }
  const { reason, message } = (body ?? {}) as { reason?: string; message?: string };
  return new KubernetesError(error.code, reason ?? 'Unknown', message ?? `the API server answered ${error.code}`);
}

async function watchPods(
  config: KubeConfig,
  core: CoreV1Api,
  labelSelector: string,
  listener: (pod: V1Pod, deleted: boolean) => void,
): Promise<{ stop(): void }> {
  let stopped = false;
  let controller: AbortController | undefined;
  const watch = new Watch(config);
  const start = async (): Promise<void> => {
    const list = await result(() => core.listPodForAllNamespaces({ labelSelector }));
    for (const pod of list.items) listener(pod, false);
    controller = await watch.watch(
      '/api/v1/pods',
      { labelSelector, resourceVersion: list.metadata?.resourceVersion },
      (phase: string, object: V1Pod) => {
        if (phase === 'ADDED' || phase === 'MODIFIED') listener(object, false);
        else if (phase === 'DELETED') listener(object, true);
      },
      () => {
        // A server ends watches now and then; list again, so that nothing between is missed.
        if (!stopped) setTimeout(() => void start().catch(() => undefined), 200).unref();
      },
    );
  };
  await start();
  return {
    stop: () => {
      stopped = true;
      controller?.abort();
    },
  };
}

async function followLog(
  config: KubeConfig,
  where: { namespace: string; pod: string; container: string },
  onLine: (line: string) => void,
  signal: AbortSignal,
): Promise<void> {
  const stream = new PassThrough();
  const lines = createInterface({ input: stream });
  lines.on('line', onLine);
  const ended = new Promise<void>((resolve) => lines.once('close', resolve));
  let controller: AbortController;
  try {
    controller = await new Log(config).log(where.namespace, where.pod, where.container, stream, { follow: true });
  } catch (error) {
    throw toKubernetesError(error);
  }
  const abort = (): void => {
    controller.abort();
    stream.end();
  };
  signal.addEventListener('abort', abort, { once: true });
  stream.on('error', () => stream.end());
  await ended;
  signal.removeEventListener('abort', abort);
}

async function raw(
  config: KubeConfig,
  { method = 'GET', path, body, headers = {}, as }: RawRequest,
): Promise<RawAnswer> {
  const cluster = config.getCurrentCluster();
  if (!cluster) throw new Error('the kubeconfig has no current cluster');
  const options: Record<string, unknown> = { headers: {} };
  if (as === undefined) await config.applyToHTTPSOptions(options);
  const payload = body === undefined ? undefined : JSON.stringify(body);
  const url = new URL(cluster.server);
  return new Promise((resolve, reject) => {
    const outgoing = httpsRequest(
      {
        ...options,
        host: url.hostname,
        port: url.port,
        path,
        method,
        ...(cluster.caData !== undefined && { ca: Buffer.from(cluster.caData, 'base64') }),
        headers: {
          ...(options['headers'] as Record<string, string>),
          ...(payload !== undefined && {
            'content-type': 'application/json',
            'content-length': Buffer.byteLength(payload),
          }),
          ...(as !== undefined && as !== 'anonymous' && { authorization: `Bearer ${as.token}` }),
          ...headers,
        },
      },
      (incoming) => {
        const chunks: Buffer[] = [];
        incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
        incoming.on('end', () =>
          resolve({
            status: incoming.statusCode ?? 0,
            body: Buffer.concat(chunks).toString('utf8'),
            contentType: incoming.headers['content-type'],
          }),
        );
        incoming.on('error', reject);
      },
    );
    outgoing.on('error', reject);
    outgoing.end(payload);
  });
}
