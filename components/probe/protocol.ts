/**
 * What the harness and the probe program say to each other. The harness puts a `ProbePlan` as JSON into the pod's
 * environment (`PROBE_PLAN`); the program prints one `ProbeReport` a line on standard output, behind `REPORT_PREFIX`.
 * Neither ever holds a secret: tokens are named by where they lie, and reports carry codes and messages alone.
 */
export const REPORT_PREFIX = 'probe-report ';

/** Pod annotation whose number says up to which phase the program may go; it reaches the pod as a file. */
export const PHASE_ANNOTATION = 'conformance.eks-pod-identity/phase';

/** Which token a raw request carries: by where it lies in the pod, or how it is made from the projected one. */
export type TokenSource =
  | { readonly from: 'pod-identity' | 'irsa' | 'kubernetes-api' }
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
  | { readonly do: 'HeadBucket'; readonly bucket: string };

export interface AssumeRoleStep {
  readonly roleArn: string;
  readonly tags?: Readonly<Record<string, string>>;
  readonly externalId?: string;
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
  /** 'ipv6' asks through fd00:ec2::23 instead of the address in the environment. */
  readonly via?: 'ipv6';
}

/** AssumeRoleWithWebIdentity sent by hand. */
export interface WebIdentityRequest {
  readonly do: 'AssumeRoleWithWebIdentity';
  readonly roleArn: string;
  readonly token: TokenSource;
  readonly change?: TokenChange;
  readonly durationSeconds?: number;
}

export type ProbeOperation =
  | { readonly do: 'GetCallerIdentity' }
  | (S3Operation & { readonly through?: AssumeRoleStep })
  | { readonly do: 'AssumeRole'; readonly role: AssumeRoleStep }
  | AgentRequest
  | WebIdentityRequest;

export interface PlannedProbe {
  /** Number of the probe in its scenario. */
  readonly number: number;
  readonly operation: ProbeOperation;
}

export interface ProbePlan {
  /** Phases that this pod takes part in, in order; the program waits for each but the first to be opened. */
  readonly phases: readonly { readonly phase: number; readonly probes: readonly PlannedProbe[] }[];
}

/** Layers in the order that a request meets them. `eks` and `kubernetes` answer probes of the control planes. */
export type Layer = 'injection' | 'agent' | 'eks-auth' | 'sts' | 's3' | 'eks' | 'kubernetes' | 'webhook';

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
  /** When the probe began and ended, milliseconds since the epoch. */
  readonly startedAt: number;
  readonly endedAt: number;
}
