/**
 * The protocol between the harness and the probe program: a `ProbePlan` as JSON in the pod's environment
 * (`PROBE_PLAN`), and a line with a `ProbeReport` after `REPORT_PREFIX` on standard output. It has no secrets: the plan
 * names where tokens are, and reports have codes and messages.
 */
import type { ClientRun } from './client-run.ts';

export const REPORT_PREFIX = 'probe-report ';
/** Prefix of the line that describes the pod's tokens as `TokenDescription[]`, without signatures. */
export const TOKENS_PREFIX = 'probe-tokens ';

export interface TokenDescription {
  readonly from: ProjectedToken;
  readonly header: Readonly<Record<string, unknown>>;
  readonly claims: Readonly<Record<string, unknown>>;
}

/** The tokens that a kubelet may have mounted into a pod. */
export type ProjectedToken = 'pod-identity' | 'irsa' | 'kubernetes-api';

/** Pod annotation with the last phase that may run; it reaches the pod as a file. */
export const PHASE_ANNOTATION = 'conformance.eks-pod-identity/phase';

/** The token of a raw request: where it is in the pod, or its text. */
export type TokenSource =
  | { readonly from: ProjectedToken }
  /** A file of the harness's secret at `PROBE_TOKENS_DIRECTORY`. */
  | { readonly from: 'minted'; readonly name: string }
  | { readonly from: 'text'; readonly text: string }
  | { readonly from: 'none' };

/** Makes one change to a token, whose claims stay readable. */
export type TokenChange =
  | 'flip-signature'
  | 'alg-none'
  | 'expired'
  | 'not-yet-valid'
  | 'two-segments'
  | 'garbage-header'
  | 'garbage-claims'
  | 'bearer-prefix'
  | 'self-signed'
  | 'unknown-key-id'
  | `hmac-${KnownSecret}`
  | `hmac-${KnownSecret}-without-key-id`;

/** A secret that anyone can know, with which a token is signed as HS256 (RFC 8725, section 2.1). */
export type KnownSecret = 'empty' | 'audience' | 'issuer' | 'key-id';

export type S3Operation =
  | {
      readonly do: 'GetObject' | 'HeadObject' | 'DeleteObject' | 'GetObjectTagging';
      readonly bucket: string;
      readonly key: string;
    }
  | {
      readonly do: 'PutObject';
      readonly bucket: string;
      readonly key: string;
      readonly tags?: Readonly<Record<string, string>>;
      readonly encryption?: 'AES256' | 'aws:kms';
      /** ARN, with `aws:kms`. */
      readonly kmsKeyId?: string;
    }
  | { readonly do: 'ListObjectsV2'; readonly bucket: string; readonly prefix?: string }
  | { readonly do: 'HeadBucket'; readonly bucket: string }
  | { readonly do: 'DeleteObjects'; readonly bucket: string; readonly keys: readonly string[] };

export interface AssumeRoleStep {
  readonly roleArn: string;
  /** Default `probe`. */
  readonly sessionName?: string;
  readonly tags?: Readonly<Record<string, string>>;
  /** Keys of tags that pass on to sessions opened by this one. */
  readonly transitiveTagKeys?: readonly string[];
  readonly sourceIdentity?: string;
  readonly externalId?: string;
  readonly policy?: string;
  readonly policyArns?: readonly string[];
  readonly durationSeconds?: number;
}

/** A direct request to the agent, like an SDK's or deliberately different. */
export interface AgentRequest {
  readonly do: 'FetchCredentials';
  readonly method?: string;
  readonly path?: string;
  /** Host header. Default: the address in the pod's environment. */
  readonly host?: string;
  readonly token: TokenSource;
  readonly change?: TokenChange;
  /** Number of requests, and whether they are concurrent. All answers must be equal. */
  readonly repeat?: number;
  readonly atOnce?: boolean;
  readonly pipelined?: number;
  /**
   * Lines of the request that replace method, path and host; a body follows an empty line. `{token}` marks where the token
   * goes. Without it, the token is sent in an Authorization header. `{length}` is the body's length in bytes.
   */
  readonly lines?: readonly string[];
  /** Timeout of the answer in milliseconds, after which the connection is closed. Default 20,000. */
  readonly giveUpAfter?: number;
  /** Lowest rate of answers to pipelined requests, per second, that proves something about a rate limit. */
  readonly perSecond?: number;
  /** Uses 169.254.170.23 or fd00:ec2::23. Default: the address in the environment. */
  readonly via?: 'ipv4' | 'ipv6';
}

export interface WebIdentityRequest {
  readonly do: 'AssumeRoleWithWebIdentity';
  readonly roleArn: string;
  readonly token: TokenSource;
  readonly change?: TokenChange;
  readonly durationSeconds?: number;
}

export interface ReadFileRequest {
  readonly do: 'ReadFile';
  readonly path: string;
}

/** Opens a TCP connection to the agent's IPv4 address or AWS, and closes it. */
export interface ConnectRequest {
  readonly do: 'Connect';
  readonly to: 'agent' | 'aws';
  /** Repeats until the connection has this result, because network plugins apply policies with a delay. */
  readonly until?: 'open' | 'closed';
}

/** Waits until the kubelet replaces the token that existed when the program started. */
export interface RotationRequest {
  readonly do: 'AwaitTokenRotation';
  readonly token: ProjectedToken;
  readonly seconds: number;
}

/** Reads the claims of a token. Its signature stays in the pod. */
export interface ReadTokenRequest {
  readonly do: 'ReadToken';
  readonly token: TokenSource;
}

type PodOperation = ReadFileRequest | ConnectRequest | RotationRequest | ReadTokenRequest;

export type ProbeOperation =
  | { readonly do: 'GetCallerIdentity' }
  | (S3Operation & { readonly through?: AssumeRoleStep })
  | { readonly do: 'AssumeRole'; readonly role: AssumeRoleStep }
  /** By the SDK with a profile: `role_arn` and `credential_source = EcsContainer`. */
  | { readonly do: 'AssumeRoleByProfile'; readonly roleArn: string }
  | AgentRequest
  | WebIdentityRequest
  | PodOperation
  | ClientRun;

export type FactMatcher =
  | string
  | number
  | boolean
  | { readonly absent: true }
  | { readonly between: readonly [number, number] }
  | { readonly matches: string };

/** The expected result of a probe. Omitted members match anything; see `firstMismatch`. */
export interface ExpectedResult {
  readonly outcome: 'granted' | 'refused' | 'denied' | 'absent';
  readonly by?: Layer | readonly Layer[];
  /** Error code, or alternatives if AWS does not document it. */
  readonly code?: string | readonly string[];
  readonly status?: number;
  /** Kind of the denying policy, if the layer reports it. */
  readonly policy?: 'identity' | 'resource' | 'session' | 'boundary' | 'scp' | 'rcp';
  /** True for an explicit Deny, false for a missing Allow. */
  readonly explicit?: boolean;
  readonly message?: string;
  readonly facts?: Readonly<Record<string, FactMatcher>>;
}

export interface RetryUntil {
  /** The expected result, as far as the pod can check it. */
  readonly expected: ExpectedResult;
  /** Role to whose session the identity must belong. */
  readonly roleArn?: string;
  /** Seconds since the probe's phase was opened. */
  readonly seconds: number;
}

export interface PlannedProbe {
  readonly number: number;
  /** A `ProbeOperation`, or another that the program supports. */
  readonly operation: { readonly do: string };
  /** Default: no retries. */
  readonly retry?: RetryUntil;
}

export interface PlannedClient {
  readonly name: string;
  readonly command: readonly string[];
  /** Added to the environment of the pod. */
  readonly environment?: Readonly<Record<string, string>>;
  readonly operations: readonly string[];
  /** Calls STS only at AWS's own host names, by TLS. */
  readonly asksStsByTls?: boolean;
}

export interface ProbePlan {
  /** The pod's phases in order. The program waits until each phase but the first is opened. */
  readonly phases: readonly { readonly phase: number; readonly probes: readonly PlannedProbe[] }[];
  /** Whether a step or another pod's probes come before the first phase. The program then waits for this phase too. */
  readonly deferred?: boolean;
  /** The client for SDK operations. Default: the program's AWS SDK for JavaScript. */
  readonly client?: PlannedClient;
  /** Keeps running afterwards. Otherwise a sidecar would be restarted, and a companion would end the pod. */
  readonly stays?: boolean;
}

/**
 * Layers in the order in which a request passes them. `eks` and `kubernetes` are control planes; `network` means no
 * connection; `client` means a client that has no credentials in its run (`RunClient`); `iam` decides in the place of a
 * service that is not emulated (`Authorize`).
 */
export const LAYERS = [
  'injection',
  'client',
  'network',
  'agent',
  'eks-auth',
  'sts',
  's3',
  'iam',
  'eks',
  'kubernetes',
  'webhook',
] as const;
export type Layer = (typeof LAYERS)[number];

export interface Identity {
  readonly arn: string;
  readonly account: string;
}

export interface ProbeResult {
  readonly outcome: 'granted' | 'refused' | 'denied' | 'absent' | 'error';
  readonly layer?: Layer;
  /** AWS error code. If the agent sent none, its HTTP status. */
  readonly code?: string;
  readonly status?: number;
  readonly message?: string;
  readonly requestId?: string;
  /** The source of the credentials, according to the environment. */
  readonly identity?: Identity;
  /** Further values by name, which expectations can match. */
  readonly facts?: Readonly<Record<string, string | number | boolean>>;
}

export interface ProbeReport extends ProbeResult {
  readonly number: number;
  /** Start and end of the probe's last attempt, in milliseconds since the epoch. */
  readonly startedAt: number;
  readonly endedAt: number;
  /** Number of attempts of a repeated probe, and start of the first one. */
  readonly tries?: { readonly count: number; readonly firstStartedAt: number };
}
