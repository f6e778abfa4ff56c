import type { Readable } from 'node:stream';
import type { Attributes } from './attributes.ts';

interface ObjectMeta {
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

export interface KubeObject {
  apiVersion: string;
  kind: string;
  metadata: ObjectMeta;
  [further: string]: unknown;
}

/** A type of the client library as stored: times are strings or null. */
export type Stored<T> = T extends Date
  ? string | null
  : T extends object
    ? { readonly [K in keyof T]: Stored<T[K]> }
    : T;

/** `object` is the stored object and read-only. */
export interface WatchEvent {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED';
  readonly object: KubeObject;
}

/** Stores objects by plural resource name, without authorization and admission. Replace its objects, never change them. */
export interface ObjectStore {
  get(resource: string, namespace: string | undefined, name: string): KubeObject | undefined;
  list(resource: string, namespace?: string): KubeObject[];
  /** Adds an object with uid, resourceVersion, creationTimestamp and generated name. Throws `ApiError` 409 AlreadyExists. */
  create(resource: string, object: KubeObject): KubeObject;
  /** Replaces an object. Throws `ApiError` 409 Conflict for an old resourceVersion. */
  update(resource: string, object: KubeObject): KubeObject;
  remove(resource: string, namespace: string | undefined, name: string): KubeObject | undefined;
  /** Calls the listener on changes. Returns a function that ends the watch. */
  watch(resource: string, listener: (event: WatchEvent) => void): () => void;
}

/** The affected object and, for `Invalid`, its fields. */
export interface StatusDetails {
  readonly name?: string;
  readonly group?: string;
  /** Plural resource name, or for `Invalid` the kind. */
  readonly kind?: string;
  readonly causes?: readonly { readonly reason: string; readonly message: string; readonly field: string }[];
}

/** An error that is returned as a `Status` object. */
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

/** An error that is returned as plain text (Kubernetes, apiserver, `responsewriters.InternalError`). */
export class InternalError extends Error {
  override readonly name = 'InternalError';
}

export interface Kubelet {
  /** Streams a container's log; with `follow`, until the container ends. Throws `ApiError` 400 or 404. */
  logs(
    namespace: string,
    pod: string,
    options: {
      readonly container: string;
      readonly follow: boolean;
      readonly tailLines?: number;
      readonly previous?: boolean;
    },
  ): Readable;
  /** Returns the URL of the pod's server on the port, or undefined if it is unreachable (503). */
  proxy?(namespace: string, pod: string, port: number): URL | undefined;
}

export interface TokenRequestSpec {
  /** Empty: the API server's audience. */
  readonly audiences: readonly string[];
  /** Seconds. */
  readonly expirationSeconds: number;
  readonly pod?: { readonly name: string; readonly uid: string };
  /** Without a UID if the node does not exist. */
  readonly node?: { readonly name: string; readonly uid?: string };
  readonly secret?: { readonly name: string; readonly uid: string };
}

/** Issues RS256 JWTs with Kubernetes's claims. */
export interface TokenIssuer {
  readonly issuer: string;
  issue(
    serviceAccount: { readonly namespace: string; readonly name: string; readonly uid: string },
    request: TokenRequestSpec,
  ): Promise<{ readonly token: string; readonly expirationTimestamp: string }>;
  jwks(): Promise<{ readonly keys: readonly Readonly<Record<string, unknown>>[] }>;
}

/** Milliseconds since the Unix epoch. */
export interface Clock {
  now(): number;
}

/** Seconds. */
export interface TokenLifetimes {
  /** The maximum. Longer requests are shortened, with a warning. */
  readonly maxSeconds: number;
  /** Lifetime of a pod's API token. */
  readonly extendedSeconds: number;
}

export type Audit = (username: string, attributes: Attributes) => void;

export interface ApiServerOptions {
  /** The `iss` claim. */
  readonly issuer: string;
  /** For example `1.34`. */
  readonly version: string;
  readonly clock?: Clock;
  /** Default: 2^32 seconds and a year, as in Kubernetes. */
  readonly tokenLifetimes?: TokenLifetimes;
  /** Authenticates other bearer tokens. */
  readonly authenticate?: (
    token: string,
  ) => Promise<{ readonly username: string; readonly groups: readonly string[] } | undefined>;
  /** Called with allowed accesses, including impersonation, `escalate` and `bind` (Kubernetes, "Auditing"). */
  readonly audit?: Audit;
  /** Returns a key id for the DER of a public key. Default: SHA-256 in base64url, as in Kubernetes. */
  readonly keyId?: (publicKey: Buffer) => string;
  /** Milliseconds until a key is replaced; its tokens stay valid. Default: forever. */
  readonly keyMilliseconds?: number;
}

export interface ApiServer {
  /** `https://127.0.0.1:<port>` */
  readonly url: string;
  /** PEM. */
  readonly certificateAuthority: string;
  readonly store: ObjectStore;
  readonly tokens: TokenIssuer;
  /** Returns a token issuer for a node's pods. Its requests pass through admission. */
  tokensFor(node: string): TokenIssuer;
  /** Issues a certificate signed by the cluster's authority. */
  issueCertificate(host: string): Promise<{ readonly certificate: string; readonly key: string }>;
  setKubelet(node: string, kubelet: Kubelet | undefined): void;
  close(): Promise<void>;
}

/** Formats a time like `metav1.Time`: RFC 3339 in whole seconds. */
export function timestamp(milliseconds: number): string {
  return new Date(milliseconds).toISOString().replace(/\.\d+Z$/, 'Z');
}
