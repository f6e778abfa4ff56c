/**
 * The protocol between the harness and the probe program: a `ProbePlan` as JSON in the pod's environment
 * (`PROBE_PLAN`), and a line with a `ProbeReport` after `REPORT_PREFIX` on standard output. No secrets: tokens are
 * named by their place, reports have codes and messages.
 */
import type { ClientRun } from './client-run.ts';

export const REPORT_PREFIX = 'probe-report ';
/** Prefix of the line with the pod's tokens as `TokenDescription[]`, without signatures. */
export const TOKENS_PREFIX = 'probe-tokens ';

export interface TokenDescription {
  readonly from: ProjectedToken;
  readonly header: Readonly<Record<string, unknown>>;
  readonly claims: Readonly<Record<string, unknown>>;
}

/** The tokens that a kubelet may have put into a pod. */
export type ProjectedToken = 'pod-identity' | 'irsa' | 'kubernetes-api';

/** Pod annotation with the last permitted phase; it reaches the pod as a file. */
export const PHASE_ANNOTATION = 'conformance.eks-pod-identity/phase';

/** The token of a raw request: its place in the pod, or a change to the projected one. */
export type TokenSource =
  | { readonly from: ProjectedToken }
  /** A file of the harness's secret at `PROBE_TOKENS_DIRECTORY`. */
  | { readonly from: 'minted'; readonly name: string }
  | { readonly from: 'text'; readonly text: string }
  | { readonly from: 'none' };

/** Breaks one thing in a token, whose claims stay readable. */
export type TokenChange =
  | 'flip-signature'
  | 'alg-none'
  | 'expired'
  | 'not-yet-valid'
  | 'two-segments'
  | 'garbage-header'
  | 'garbage-claims'
  | 'bearer-prefix'
  | 'self-signed';

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
    }
  | { readonly do: 'ListObjectsV2'; readonly bucket: string; readonly prefix?: string }
  | { readonly do: 'HeadBucket'; readonly bucket: string }
  | { readonly do: 'DeleteObjects'; readonly bucket: string; readonly keys: readonly string[] };

export interface AssumeRoleStep {
  readonly roleArn: string;
  /** Default `probe`. */
  readonly sessionName?: string;
  readonly tags?: Readonly<Record<string, string>>;
  /** Keys of tags that pass on to sessions that this one opens. */
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
  /** Host header; by default the address in the pod's environment. */
  readonly host?: string;
  readonly token: TokenSource;
  readonly change?: TokenChange;
  /** Number of requests, and whether they are concurrent. All must be answered alike. */
  readonly repeat?: number;
  readonly atOnce?: boolean;
  readonly pipelined?: number;
  /** Lines of the request's head instead of method, path and host; the token's line and the end follow. */
  readonly lines?: readonly string[];
  /** Timeout of the answer in milliseconds; then the connection is closed. Default 20,000. */
  readonly giveUpAfter?: number;
  /** Slowest rate of answers to pipelined requests, per second, that says something about a limit on them. */
  readonly perSecond?: number;
  /** Uses 169.254.170.23 or fd00:ec2::23. Default: the environment's address. */
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

/** Opens a TCP connection to the agent's IPv4 address or AWS, and closes it again. */
export interface ConnectRequest {
  readonly do: 'Connect';
  readonly to: 'agent' | 'aws';
  /** Repeats until it is so: a network plugin applies a policy late. */
  readonly until?: 'open' | 'closed';
}

/** Waits until the kubelet replaces the token of the program's start. */
export interface RotationRequest {
  readonly do: 'AwaitTokenRotation';
  readonly token: ProjectedToken;
  readonly seconds: number;
}

/** Reads the claims of a token; its signature stays in the pod. */
export interface ReadTokenRequest {
  readonly do: 'ReadToken';
  readonly token: TokenSource;
}

export type PodOperation = ReadFileRequest | ConnectRequest | RotationRequest | ReadTokenRequest;

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

/** The expected result of a probe, for `firstMismatch`. Omitted members match anything. */
export interface ExpectedResult {
  readonly outcome: 'granted' | 'refused' | 'denied' | 'absent';
  readonly by?: Layer | readonly Layer[];
  /** Error code, or alternatives if AWS does not document it. */
  readonly code?: string | readonly string[];
  readonly status?: number;
  /** Kind of denying policy, if the layer reports it. */
  readonly policy?: 'identity' | 'resource' | 'session' | 'boundary';
  /** True: an explicit Deny; false: no Allow. */
  readonly explicit?: boolean;
  readonly message?: string;
  readonly facts?: Readonly<Record<string, FactMatcher>>;
}

export interface RetryUntil {
  /** As far as the pod can tell. */
  readonly expected: ExpectedResult;
  /** Role whose session the identity must be. */
  readonly roleArn?: string;
  /** Since the probe's phase was opened. */
  readonly seconds: number;
}

export interface PlannedProbe {
  readonly number: number;
  /** One of `ProbeOperation`, or another that the program supports. */
  readonly operation: { readonly do: string };
  /** Default: no retries. */
  readonly retry?: RetryUntil;
}

export interface PlannedClient {
  readonly name: string;
  readonly command: readonly string[];
  /** In addition to the environment of the pod. */
  readonly environment?: Readonly<Record<string, string>>;
  readonly operations: readonly string[];
  /** It calls STS at AWS's own names by TLS only. */
  readonly asksStsByTls?: boolean;
}

export interface ProbePlan {
  /** The pod's phases, in order; the program waits for each but the first to be opened… */
  readonly phases: readonly { readonly phase: number; readonly probes: readonly PlannedProbe[] }[];
  /** …and for the first too if a change must precede it. */
  readonly deferred?: boolean;
  /** The client for SDK operations. Default: the program's AWS SDK for JavaScript. */
  readonly client?: PlannedClient;
  /** Keeps running afterwards: a sidecar would be restarted, and a companion ends the pod. */
  readonly stays?: boolean;
}

/**
 * Layers in a request's order. `eks` and `kubernetes` are control planes; `network`: no connection; `client`: a client
 * without credentials in its run (`RunClient`).
 */
export type Layer =
  'injection' | 'client' | 'network' | 'agent' | 'eks-auth' | 'sts' | 's3' | 'eks' | 'kubernetes' | 'webhook';

export interface Identity {
  readonly arn: string;
  readonly account: string;
}

export interface ProbeResult {
  readonly outcome: 'granted' | 'refused' | 'denied' | 'absent' | 'error';
  readonly layer?: Layer;
  /** AWS error code, or the agent's HTTP status if it has none. */
  readonly code?: string;
  readonly status?: number;
  readonly message?: string;
  readonly requestId?: string;
  /** Source of the credentials, by the environment. */
  readonly identity?: Identity;
  /** Further values by name, for expectations. */
  readonly facts?: Readonly<Record<string, string | number | boolean>>;
}

export interface ProbeReport extends ProbeResult {
  readonly number: number;
  /** Start and end of the probe's last attempt, milliseconds since the epoch. */
  readonly startedAt: number;
  readonly endedAt: number;
  /** Number of attempts of a repeated probe, and start of the first. */
  readonly tries?: { readonly count: number; readonly firstStartedAt: number };
}
