import type { Readable } from 'node:stream';
import type { Attributes } from './attributes.ts';

export interface ObjectMeta {
  name: string;
  namespace?: string;
  generateName?: string;
  uid?: string;
  resourceVersion?: string;
  creationTimestamp?: string;
  deletionTimestamp?: string;
  deletionGracePeriodSeconds?: number;
  labels?: Record<string, string>;
  annotations?: Record<string, string>;
  [further: string]: unknown;
}

/** A Kubernetes object of any kind. */
export interface KubeObject {
  apiVersion: string;
  kind: string;
  metadata: ObjectMeta;
  [further: string]: unknown;
}

/** A type of the client library as objects are stored: times are texts, or null. */
export type Stored<T> = T extends Date
  ? string | null
  : T extends object
    ? { readonly [K in keyof T]: Stored<T[K]> }
    : T;

/** What happened to an object; `object` is the stored one, which is never changed: the listener may keep it and only read it. */
export interface WatchEvent {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED';
  readonly object: KubeObject;
}

/**
 * The objects of a cluster, by resource name in the plural (`pods`, `serviceaccounts`, `clusterrolebindings`, …). It
 * knows nothing of users: authorization and admission happen in front of it. Objects are the
 * stored ones, those handed over included: whoever changes one makes another.
 */
export interface ObjectStore {
  get(resource: string, namespace: string | undefined, name: string): KubeObject | undefined;
  list(resource: string, namespace?: string): KubeObject[];
  /** Sets uid, resourceVersion and creationTimestamp; resolves generateName. Throws `ApiError` 409 AlreadyExists. */
  create(resource: string, object: KubeObject): KubeObject;
  /** Replaces the object; with a resourceVersion in it that is not the current one, throws `ApiError` 409 Conflict. */
  update(resource: string, object: KubeObject): KubeObject;
  /** Removes the object at once. */
  remove(resource: string, namespace: string | undefined, name: string): KubeObject | undefined;
  /** Calls the listener for every later change of the resource; the function returned ends that. */
  watch(resource: string, listener: (event: WatchEvent) => void): () => void;
}

/** `details` of a `Status`: which object the error is about and, for `Invalid`, which of its fields. */
export interface StatusDetails {
  readonly name?: string;
  readonly group?: string;
  /** The plural resource name; the kind's name for `Invalid`. */
  readonly kind?: string;
  readonly causes?: readonly { readonly reason: string; readonly message: string; readonly field: string }[];
}

/** An error that the API server answers as a `Status` object. */
export class ApiError extends Error {
  override readonly name = 'ApiError';
  readonly status: number;
  /** Machine-readable reason: `NotFound`, `AlreadyExists`, `Forbidden`, `Invalid`, … */
  readonly reason: string;
  readonly details: StatusDetails | undefined;

  constructor(status: number, reason: string, message: string, details?: StatusDetails) {
    super(message);
    this.status = status;
    this.reason = reason;
    this.details = details;
  }
}

/** An error of the API server's own, which it answers as plain text (Kubernetes, apiserver, `responsewriters.InternalError`). */
export class InternalError extends Error {
  override readonly name = 'InternalError';
}

/** What the API server asks of the node agent. */
export interface Kubelet {
  /** Log of a container as text; with `follow` the stream ends when the container does. Throws `ApiError` 400/404. */
  logs(
    namespace: string,
    pod: string,
    options: {
      readonly container?: string;
      readonly follow: boolean;
      readonly tailLines?: number;
      readonly previous?: boolean;
    },
  ): Readable;
  /**
   * Where `GET /api/v1/namespaces/<ns>/pods/<pod>:<port>/proxy/<path>` goes: the root of the HTTP server that the pod has
   * on that port; undefined when there is none that can be reached (the API server answers 503).
   */
  proxy?(namespace: string, pod: string, port: number): URL | undefined;
}

export interface TokenRequestSpec {
  /** None: the API server's own. */
  readonly audiences: readonly string[];
  /** Seconds. */
  readonly expirationSeconds: number;
  /** The pod that the token is bound to. */
  readonly pod?: { readonly name: string; readonly uid: string };
  /** Without a UID where there is no such node. */
  readonly node?: { readonly name: string; readonly uid?: string };
  /** The secret that the token is bound to. */
  readonly secret?: { readonly name: string; readonly uid: string };
}

/** The service account issuer. Tokens are RS256 JWTs with the claims of a bound Kubernetes token. */
export interface TokenIssuer {
  readonly issuer: string;
  issue(
    serviceAccount: { readonly namespace: string; readonly name: string; readonly uid: string },
    request: TokenRequestSpec,
  ): Promise<{ readonly token: string; readonly expirationTimestamp: string }>;
  jwks(): Promise<{ readonly keys: readonly Readonly<Record<string, unknown>>[] }>;
}

/** Where the API server reads the time: milliseconds since the Unix epoch. */
export interface Clock {
  now(): number;
}

/** How long service account tokens live, in seconds. */
export interface TokenLifetimes {
  /** The longest lifetime that a request gets; a longer one is shortened to it, with a warning. */
  readonly maxSeconds: number;
  /** That of a pod's token for the API server itself. */
  readonly extendedSeconds: number;
}

export type Audit = (username: string, attributes: Attributes) => void;

export interface ApiServerOptions {
  /** Service account issuer, also the value of the `iss` claim. */
  readonly issuer: string;
  /** Kubernetes version answered by /version, such as `1.34`. */
  readonly version: string;
  readonly clock?: Clock;
  /** Default as Kubernetes: 2^32 seconds and a year. */
  readonly tokenLifetimes?: TokenLifetimes;
  /** Authenticates bearer tokens that are no service account tokens. */
  readonly authenticate?: (
    token: string,
  ) => Promise<{ readonly username: string; readonly groups: readonly string[] } | undefined>;
  /**
   * Is told each request that was allowed, and each impersonation; of roles and bindings that are written the verb `escalate` or
   * `bind`, with which its user need not hold what they grant (Kubernetes, "Auditing"; "Privilege escalation prevention and
   * bootstrapping").
   */
  readonly audit?: Audit;
  /** The id of the key that signs service account tokens, by its public key in DER form. Default as Kubernetes: SHA-256 in base64url. */
  readonly keyId?: (publicKey: Buffer) => string;
  /** How long a key signs, in milliseconds; tokens of those before stay good. Default: for good. */
  readonly keyMilliseconds?: number;
}

export interface ApiServer {
  /** `https://127.0.0.1:<port>` */
  readonly url: string;
  /** PEM of the certificate authority. */
  readonly certificateAuthority: string;
  readonly store: ObjectStore;
  readonly tokens: TokenIssuer;
  /** Issues a TLS server certificate for this host under the cluster's authority (the webhook serves with one). */
  issueCertificate(host: string): Promise<{ readonly certificate: string; readonly key: string }>;
  /** The kubelet of a node; undefined when the node has none any more. */
  setKubelet(node: string, kubelet: Kubelet | undefined): void;
  close(): Promise<void>;
}

/** RFC 3339 in whole seconds, the form of `metav1.Time`. */
export function timestamp(milliseconds: number): string {
  return new Date(milliseconds).toISOString().replace(/\.\d+Z$/, 'Z');
}
