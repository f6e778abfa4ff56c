import type { IncomingMessage } from 'node:http';
import { createInterface } from 'node:readline';
import { text as textOf } from 'node:stream/consumers';
import type {
  AuthenticationV1TokenRequest,
  CoreV1Event,
  CoreV1EventList,
  KubeConfig,
  RbacV1Subject,
  V1Pod,
  V1PodList,
  V1ServiceAccount,
  V1TokenReview,
  V1TokenReviewStatus,
} from '@kubernetes/client-node';
import { connect, type Connection } from '../../foundation/protocols/kubernetes-connection.ts';
import { removeNamespace } from '../../clusters/in-cluster/index.ts';
import { NETWORK, patient } from './patient.ts';
import { watchPods } from './watch.ts';

export interface RawRequest {
  readonly method?: string;
  readonly path: string;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string | readonly string[]>>;
  /** `anonymous`: no credentials; `{ token }`: this bearer token; default: the kubeconfig's user. */
  readonly as?: 'anonymous' | { readonly token: string };
}

export interface RawAnswer {
  readonly status: number;
  readonly body: string;
  readonly contentType: string | undefined;
}

export const rawAnswer = async (answer: IncomingMessage): Promise<RawAnswer> => ({
  status: answer.statusCode ?? 0,
  body: await textOf(answer),
  contentType: answer.headers['content-type'],
});

/** The part of a log to read. Each line begins with its time, if the server supports that. */
export interface LogOptions {
  /** Start of the log to read, if the server supports it. */
  readonly since: Date;
  readonly tailLines: number;
  /** Log of the container before its last restart. */
  readonly previous?: boolean;
  readonly maxBytes: number;
  readonly signal: AbortSignal;
}

type Texts = Readonly<Record<string, string>>;
type Named = Readonly<{ name: string; labels: Texts }>;

interface TokenOptions {
  readonly audiences: string[];
  readonly expirationSeconds?: number;
  readonly boundPod?: { name: string; uid: string };
  readonly boundSecret?: string;
}

const TOKEN_API = 'authentication.k8s.io/v1';
const RBAC = 'rbac.authorization.k8s.io';
const inNamespace = (namespace: string, resource: string): string => `/api/v1/namespaces/${namespace}/${resource}`;

/** The calls to one cluster's Kubernetes API that the harness needs, with one kind of error. */
export class KubernetesClient {
  readonly #connection: Connection;

  /** @param networkMilliseconds maximum time to wait for an unreachable network */
  constructor(config: KubeConfig, networkMilliseconds: number = NETWORK.here) {
    this.#connection = patient(connect(config), { networkMilliseconds });
  }

  createNamespace(name: string, labels: Texts, annotations: Texts): Promise<void> {
    return this.#create('/api/v1/namespaces', 'v1', 'Namespace', { metadata: { name, labels, annotations } });
  }

  /** Deletes a namespace and waits until it has disappeared, because its name is in use until its pods have ended. */
  removeNamespace(name: string): Promise<void> {
    return removeNamespace(this.#connection, name);
  }

  createServiceAccount(namespace: string, serviceAccount: V1ServiceAccount): Promise<void> {
    return this.#create(inNamespace(namespace, 'serviceaccounts'), 'v1', 'ServiceAccount', serviceAccount);
  }

  createSecret(namespace: string, metadata: Named, stringData: Texts): Promise<void> {
    return this.#create(inNamespace(namespace, 'secrets'), 'v1', 'Secret', { metadata, stringData });
  }

  createRole(namespace: string, metadata: Named, rules: readonly object[]): Promise<void> {
    return this.#create(`/apis/${RBAC}/v1/namespaces/${namespace}/roles`, `${RBAC}/v1`, 'Role', { metadata, rules });
  }

  bindRole(
    namespace: string,
    metadata: Named,
    role: { readonly kind: 'Role' | 'ClusterRole'; readonly name: string },
    subject: RbacV1Subject,
  ): Promise<void> {
    return this.#create(`/apis/${RBAC}/v1/namespaces/${namespace}/rolebindings`, `${RBAC}/v1`, 'RoleBinding', {
      metadata,
      roleRef: { apiGroup: RBAC, ...role },
      subjects: [subject],
    });
  }

  createPod(namespace: string, pod: V1Pod): Promise<V1Pod> {
    return this.#create(inNamespace(namespace, 'pods'), 'v1', 'Pod', pod);
  }

  deletePod(namespace: string, name: string, graceSeconds?: number): Promise<void> {
    const query = graceSeconds === undefined ? '' : `?gracePeriodSeconds=${graceSeconds}`;
    return this.#connection.json('DELETE', inNamespace(namespace, `pods/${name}${query}`));
  }

  /** Sets annotations of an object such as `pods/app`; null removes one. */
  annotate(namespace: string, object: string, annotations: Readonly<Record<string, string | null>>): Promise<void> {
    return this.#connection.json('PATCH', inNamespace(namespace, object), { metadata: { annotations } });
  }

  async listPods(namespace: string, labelSelector: string, signal?: AbortSignal): Promise<readonly V1Pod[]> {
    const path = inNamespace(namespace, `pods?${new URLSearchParams({ labelSelector }).toString()}`);
    return (await this.#connection.json<V1PodList>('GET', path, undefined, signal)).items;
  }

  /**
   * Returns up to 1000 events of a namespace. The core group also lists events of `events.k8s.io` (Kubernetes API reference,
   * Event v1), which may have `eventTime` instead of `lastTimestamp`.
   */
  async listEvents(namespace: string, signal: AbortSignal): Promise<readonly CoreV1Event[]> {
    const path = inNamespace(namespace, 'events?limit=1000');
    return (await this.#connection.json<CoreV1EventList>('GET', path, undefined, signal)).items;
  }

  async createToken(namespace: string, name: string, options: TokenOptions): Promise<string> {
    const { boundPod, boundSecret, ...request } = options;
    const path = inNamespace(namespace, `serviceaccounts/${name}/token`);
    const bound =
      boundSecret === undefined ? boundPod && { kind: 'Pod', ...boundPod } : { kind: 'Secret', name: boundSecret };
    const spec = { ...request, ...(bound && { boundObjectRef: { apiVersion: 'v1', ...bound } }) };
    const { status } = await this.#create<AuthenticationV1TokenRequest>(path, TOKEN_API, 'TokenRequest', { spec });
    return status?.token ?? '';
  }

  /** @param audiences the required audiences of the token. Default: those of the API server */
  async reviewToken(token: string, audiences?: readonly string[]): Promise<V1TokenReviewStatus> {
    const path = `/apis/${TOKEN_API}/tokenreviews`;
    const spec = { token, ...(audiences && { audiences: [...audiences] }) };
    const { status } = await this.#create<V1TokenReview>(path, TOKEN_API, 'TokenReview', { spec });
    return status ?? {};
  }

  /** Calls `listener` for every change of pods with this label until `stop` is called. Reconnects automatically. */
  watchPods(labelSelector: string, listener: (pod: V1Pod, deleted: boolean) => void): Promise<{ stop(): void }> {
    return watchPods(this.#connection, labelSelector, listener);
  }

  /** Streams the lines of a container's log; resolves when the log ends or `signal` fires. */
  async followLog(
    namespace: string,
    pod: string,
    container: string,
    onLine: (line: string) => void,
    signal: AbortSignal,
  ): Promise<void> {
    const path = inNamespace(namespace, `pods/${pod}/log?container=${container}&follow=true`);
    const answer = await this.#connection.open(path, signal);
    try {
      for await (const line of createInterface({ input: answer })) onLine(line);
    } catch (error) {
      if (!signal.aborted) throw error;
    }
  }

  /** Returns the end of a container's or init container's log. Throws `KubernetesError` before its start. */
  async readLog(namespace: string, pod: string, container: string, options: LogOptions): Promise<string> {
    const query = new URLSearchParams({
      container,
      timestamps: 'true',
      sinceTime: options.since.toISOString().replace(/\.\d+Z$/, 'Z'),
      tailLines: String(options.tailLines),
      ...(options.previous === true && { previous: 'true' }),
    });
    const path = inNamespace(namespace, `pods/${pod}/log?${query.toString()}`);
    // The API's `limitBytes` would keep the beginning, but errors are at the end.
    const { text, cut } = await endOf(await this.#connection.open(path, options.signal), options.maxBytes);
    // Drops a partial line, because part of a secret could not be recognized.
    return cut ? text.slice(text.indexOf('\n') + 1) : text;
  }

  async raw({ method = 'GET', path, body, headers = {}, as }: RawRequest): Promise<RawAnswer> {
    const answer = await this.#connection.send({
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
    return rawAnswer(answer);
  }

  close(): void {
    this.#connection.close();
  }

  #create<T = void>(path: string, apiVersion: string, kind: string, object: object): Promise<T> {
    return this.#connection.json('POST', path, { apiVersion, kind, ...object });
  }
}

/** Returns the last chunks of a stream, up to `maxBytes`. */
async function endOf(stream: AsyncIterable<unknown>, maxBytes: number): Promise<{ text: string; cut: boolean }> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  let cut = false;
  for await (const chunk of stream) {
    chunks.push(chunk as Buffer);
    bytes += (chunk as Buffer).length;
    while (bytes > maxBytes) {
      bytes -= chunks.shift()?.length ?? 0;
      cut = true;
    }
  }
  return { text: Buffer.concat(chunks).toString('utf8'), cut };
}
