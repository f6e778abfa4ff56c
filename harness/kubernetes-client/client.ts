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
export type KubernetesClient = ReturnType<typeof kubernetesClient>;

type Texts = Readonly<Record<string, string>>;
/** Of an object that is made. */
interface Named {
  readonly name: string;
  readonly labels: Texts;
}

/** @param networkMilliseconds how long a network that is away is waited for. */
export function kubernetesClient(config: KubeConfig, networkMilliseconds: number = NETWORK.here) {
  const connection = patient(connect(config), { networkMilliseconds });
  const { json } = connection;
  const inNamespace = (namespace: string, resource: string): string => `/api/v1/namespaces/${namespace}/${resource}`;
  const get = async <T>(path: string, signal?: AbortSignal): Promise<T> =>
    signal === undefined ? json('GET', path) : (JSON.parse(await textOf(await connection.open(path, signal))) as T);
  const annotate = (path: string, annotations: Readonly<Record<string, string | null>>): Promise<void> =>
    json('PATCH', path, { metadata: { annotations } });
  const create = <T = void>(path: string, apiVersion: string, kind: string, object: object): Promise<T> =>
    json('POST', path, { apiVersion, kind, ...object });

  return {
    createNamespace: (name: string, labels: Texts, annotations: Texts): Promise<void> =>
      create('/api/v1/namespaces', 'v1', 'Namespace', { metadata: { name, labels, annotations } }),
    /** Deletes a namespace with all that is in it; resolves when it is gone: until its pods have ended, its name cannot be taken. */
    removeNamespace: (name: string): Promise<void> => removeNamespace(connection, name),
    createServiceAccount: (namespace: string, serviceAccount: V1ServiceAccount): Promise<void> =>
      create(inNamespace(namespace, 'serviceaccounts'), 'v1', 'ServiceAccount', serviceAccount),
    patchServiceAccountAnnotations: (
      namespace: string,
      name: string,
      annotations: Readonly<Record<string, string | null>>,
    ): Promise<void> => annotate(inNamespace(namespace, `serviceaccounts/${name}`), annotations),
    createSecret: (namespace: string, metadata: Named, stringData: Texts): Promise<void> =>
      create(inNamespace(namespace, 'secrets'), 'v1', 'Secret', { metadata, stringData }),
    /** A Role, and its RoleBinding to a user under the same name. */
    createRole: async (
      namespace: string,
      metadata: Named,
      rules: readonly { apiGroups: string[]; resources: string[]; verbs: string[] }[],
      user: string,
    ): Promise<void> => {
      const group = 'rbac.authorization.k8s.io';
      const path = `/apis/${group}/v1/namespaces/${namespace}`;
      await create(`${path}/roles`, `${group}/v1`, 'Role', { metadata, rules });
      await create(`${path}/rolebindings`, `${group}/v1`, 'RoleBinding', {
        metadata,
        roleRef: { apiGroup: group, kind: 'Role', name: metadata.name },
        subjects: [{ kind: 'User', name: user, apiGroup: group }],
      });
    },
    createPod: (namespace: string, pod: V1Pod): Promise<V1Pod> =>
      create(inNamespace(namespace, 'pods'), 'v1', 'Pod', pod),
    deletePod: (namespace: string, name: string, graceSeconds?: number): Promise<void> => {
      const query = graceSeconds === undefined ? '' : `?gracePeriodSeconds=${graceSeconds}`;
      return json('DELETE', inNamespace(namespace, `pods/${name}${query}`));
    },
    annotatePod: (namespace: string, name: string, annotations: Texts): Promise<void> =>
      annotate(inNamespace(namespace, `pods/${name}`), annotations),
    listPods: async (namespace: string, labelSelector: string, signal?: AbortSignal): Promise<readonly V1Pod[]> => {
      const query = new URLSearchParams({ labelSelector }).toString();
      return (await get<V1PodList>(inNamespace(namespace, `pods?${query}`), signal)).items;
    },
    /**
     * Events of a namespace, up to 1000. The core group's list has those of `events.k8s.io` too: both are views of the same
     * objects (Kubernetes API reference, Event v1), though an event then may have `eventTime` and no `lastTimestamp`.
     */
    listEvents: async (namespace: string, signal: AbortSignal): Promise<readonly CoreV1Event[]> =>
      (await get<CoreV1EventList>(inNamespace(namespace, 'events?limit=1000'), signal)).items,
    createToken: async (
      namespace: string,
      serviceAccount: string,
      {
        boundPod,
        ...spec
      }: { audiences: string[]; expirationSeconds?: number; boundPod?: { name: string; uid: string } },
    ): Promise<string> => {
      const path = inNamespace(namespace, `serviceaccounts/${serviceAccount}/token`);
      const { status } = await create<AuthenticationV1TokenRequest>(path, 'authentication.k8s.io/v1', 'TokenRequest', {
        spec: { ...spec, ...(boundPod && { boundObjectRef: { apiVersion: 'v1', kind: 'Pod', ...boundPod } }) },
      });
      return status?.token ?? '';
    },
    reviewToken: async (token: string) => {
      const path = '/apis/authentication.k8s.io/v1/tokenreviews';
      const spec = { token };
      const { status } = await create<V1TokenReview>(path, 'authentication.k8s.io/v1', 'TokenReview', { spec });
      return { authenticated: status?.authenticated ?? false, error: status?.error, username: status?.user?.username };
    },
    /** Calls `listener` for every change of pods with this label, until `stop` is called; starts again when the server ends it. */
    watchPods: (labelSelector: string, listener: (pod: V1Pod, deleted: boolean) => void) =>
      watchPods(connection, labelSelector, listener),
    /** Lines of a container's log as they come; resolves when the log ends or `signal` fires. */
    followLog: async (
      namespace: string,
      pod: string,
      container: string,
      onLine: (line: string) => void,
      signal: AbortSignal,
    ): Promise<void> => {
      const path = inNamespace(namespace, `pods/${pod}/log?container=${container}&follow=true`);
      const answer = await connection.open(path, signal);
      try {
        for await (const line of createInterface({ input: answer })) onLine(line);
      } catch (error) {
        if (!signal.aborted) throw error;
      }
    },
    /** What a container (an init container too) has logged: its end. Throws `KubernetesError` while it has not started. */
    readLog: (namespace: string, pod: string, container: string, options: LogOptions): Promise<string> =>
      readLog(connection, inNamespace(namespace, `pods/${pod}/log`), container, options),
    raw: (request: RawRequest): Promise<RawAnswer> => raw(connection, request),
    /** Ends the connections. */
    close: (): void => connection.close(),
  };
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
