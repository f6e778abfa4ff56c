/**
 * What the harness and the probe program say to each other. The harness puts a `ProbePlan` as JSON into the pod's
 * environment (`PROBE_PLAN`); the program prints one `ProbeReport` a line on standard output, behind `REPORT_PREFIX`.
 * Neither ever holds a secret: tokens are named by where they lie, and reports carry codes and messages alone.
 */
import type { ClientRun } from './client-run.ts';

export const REPORT_PREFIX = 'probe-report ';

/**
 * Begins a line that the program prints at its start: what the tokens in its pod say, as `TokenDescription[]`. Never a
 * signature, so nothing that would open anything.
 */
export const TOKENS_PREFIX = 'probe-tokens ';

/** Header and claims of a token of the pod. */
export interface TokenDescription {
  readonly from: ProjectedToken;
  readonly header: Readonly<Record<string, unknown>>;
  readonly claims: Readonly<Record<string, unknown>>;
}

/** The tokens that a kubelet may have put into a pod. */
export type ProjectedToken = 'pod-identity' | 'irsa' | 'kubernetes-api';

/** Pod annotation whose number says up to which phase the program may go; it reaches the pod as a file. */
export const PHASE_ANNOTATION = 'conformance.eks-pod-identity/phase';

/** Which token a raw request carries: by where it lies in the pod, or how it is made from the projected one. */
export type TokenSource =
  | { readonly from: ProjectedToken }
  /** A file of the secret that the harness mounts at the path in `PROBE_TOKENS_DIRECTORY`. */
  | { readonly from: 'minted'; readonly name: string }
  | { readonly from: 'text'; readonly text: string }
  | { readonly from: 'none' };

/** A change made to a token before it is sent; each leaves the claims readable and breaks one thing. */
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
  /** Keys of those tags that pass on to sessions that this one opens. */
  readonly transitiveTagKeys?: readonly string[];
  readonly sourceIdentity?: string;
  readonly externalId?: string;
  /** Session policy, as JSON text. */
  readonly policy?: string;
  /** Of managed policies that narrow the session. */
  readonly policyArns?: readonly string[];
  readonly durationSeconds?: number;
}

/** A request for credentials sent to the agent by hand, as an SDK would or deliberately unlike one. */
export interface AgentRequest {
  readonly do: 'FetchCredentials';
  readonly method?: string;
  readonly path?: string;
  /** Host header; by default the address that the pod's environment names. */
  readonly host?: string;
  readonly token: TokenSource;
  readonly change?: TokenChange;
  /** How many requests are sent, and whether at once or one after another. All must be answered alike. */
  readonly repeat?: number;
  readonly atOnce?: boolean;
  /** Requests that are written to one connection at once, each without a wait for the answer to the one before. */
  readonly pipelined?: number;
  /**
   * Lines of the request's head as they are, in place of method, path and host; the token's follows them, and the one that ends
   * the connection.
   */
  readonly lines?: readonly string[];
  /** How long an answer is waited for, in milliseconds; then the connection is ended. Default 20,000. */
  readonly giveUpAfter?: number;
  /** Slowest rate at which pipelined requests must be answered, a second: below it nothing can be said of a limit on them. */
  readonly perSecond?: number;
  /** Asks at 169.254.170.23 or fd00:ec2::23 by name, whatever the environment says. Default: the environment's address. */
  readonly via?: 'ipv4' | 'ipv6';
}

/** AssumeRoleWithWebIdentity sent by hand. */
export interface WebIdentityRequest {
  readonly do: 'AssumeRoleWithWebIdentity';
  readonly roleArn: string;
  readonly token: TokenSource;
  readonly change?: TokenChange;
  readonly durationSeconds?: number;
}

/** Looks at a file of the container, whose content stays there, or at the names in a folder. */
export interface ReadFileRequest {
  readonly do: 'ReadFile';
  readonly path: string;
}

/** Opens a TCP connection to the agent's IPv4 address or to where AWS is, and closes it again. */
export interface ConnectRequest {
  readonly do: 'Connect';
  readonly to: 'agent' | 'aws';
  /** Tries again for a while until it is so: a network plugin takes a moment to put a policy in force. */
  readonly until?: 'open' | 'closed';
}

/** Waits until the kubelet has put another token in the place of the one that was there at the program's start. */
export interface RotationRequest {
  readonly do: 'AwaitTokenRotation';
  readonly token: ProjectedToken;
  /** Longest wait. */
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
  /** By the SDK, as a profile of its configuration file says: `role_arn` and `credential_source = EcsContainer`. */
  | { readonly do: 'AssumeRoleByProfile'; readonly roleArn: string }
  | AgentRequest
  | WebIdentityRequest
  | PodOperation
  | ClientRun;

/** A value that a fact must have. */
export type FactMatcher =
  | string
  | number
  | boolean
  | { readonly absent: true }
  | { readonly between: readonly [number, number] }
  | { readonly matches: string };

/** What a probe's result must be; `firstMismatch` compares. What is not named may be anything. */
export interface ExpectedResult {
  readonly outcome: 'granted' | 'refused' | 'denied' | 'absent';
  readonly by?: Layer | readonly Layer[];
  /** Error code, or several of which one must be met (AWS does not document which). */
  readonly code?: string | readonly string[];
  readonly status?: number;
  /** Kind of policy that denied, where the layer says so. */
  readonly policy?: 'identity' | 'resource' | 'session' | 'boundary';
  /** True: by an explicit Deny; false: since nothing allowed it. */
  readonly explicit?: boolean;
  /** Text that the message must contain. */
  readonly message?: string;
  readonly facts?: Readonly<Record<string, FactMatcher>>;
}

/** What a probe is repeated for, where AWS takes a while to put changes in force. */
export interface RetryUntil {
  /** As far as the pod can tell. */
  readonly expected: ExpectedResult;
  /** Role whose session the identity must be. */
  readonly roleArn?: string;
  /** From when the probe's phase was opened; what came before it is in force by then, if ever. */
  readonly seconds: number;
}

export interface PlannedProbe {
  /** Number of the probe in its scenario. */
  readonly number: number;
  /** One of `ProbeOperation`, or another that the program knows. */
  readonly operation: { readonly do: string };
  /** Absent where the first result counts. */
  readonly retry?: RetryUntil;
}

/** The program of a client (foundation/protocols/client-protocol.ts), as a pod starts it. */
export interface PlannedClient {
  readonly name: string;
  readonly command: readonly string[];
  /** Beside the environment of the pod. */
  readonly environment?: Readonly<Record<string, string>>;
  /** The operations that it can do. */
  readonly operations: readonly string[];
  /** It asks STS at AWS's own names and by TLS alone. */
  readonly asksStsByTls?: boolean;
}

export interface ProbePlan {
  /** Phases that this pod takes part in, in order; the program waits for each but the first to be opened… */
  readonly phases: readonly { readonly phase: number; readonly probes: readonly PlannedProbe[] }[];
  /** …and for the first too when it is held back: something is to change before. */
  readonly heldBack?: boolean;
  /** What makes the operations of an SDK. Default: the probe program itself, by the AWS SDK for JavaScript. */
  readonly client?: PlannedClient;
  /** Then runs on until it is told to end: as a sidecar it would be started again, and as its companion end it. */
  readonly stays?: boolean;
}

/**
 * Layers in the order that a request meets them. `eks` and `kubernetes` answer probes of the control planes; `network` is
 * where no connection comes about, and `client` a client that found no credentials in a run of it (`RunClient`).
 */
export type Layer =
  'injection' | 'client' | 'network' | 'agent' | 'eks-auth' | 'sts' | 's3' | 'eks' | 'kubernetes' | 'webhook';

export interface Identity {
  readonly arn: string;
  readonly account: string;
}

/** What a probe met. */
export interface ProbeResult {
  readonly outcome: 'granted' | 'refused' | 'denied' | 'absent' | 'error';
  readonly layer?: Layer;
  /** Error code of the layer: an AWS code, or the HTTP status where the agent gives none. */
  readonly code?: string;
  /** HTTP status, where there was an answer. */
  readonly status?: number;
  readonly message?: string;
  readonly requestId?: string;
  /** Where the credentials came from, as far as the environment tells. */
  readonly identity?: Identity;
  /** Further facts by name: values that an expectation can be about. */
  readonly facts?: Readonly<Record<string, string | number | boolean>>;
}

export interface ProbeReport extends ProbeResult {
  readonly number: number;
  /** When the probe (its last try, where there were several) began and ended, milliseconds since the epoch. */
  readonly startedAt: number;
  readonly endedAt: number;
  /** Of a probe that was repeated: how often it was tried, and when it first began. */
  readonly tries?: { readonly count: number; readonly firstStartedAt: number };
}
