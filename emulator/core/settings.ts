import type { ServiceName } from './service.ts';

/** Undocumented AWS behaviour; docs/emulator.md states the defaults. */
export interface EmulatorSettings {
  /** EKS Auth's error if no association matches the token's subject. */
  readonly noAssociationError: 'ResourceNotFoundException' | 'AccessDeniedException';
  /** Whether EKS Auth returns a pod's earlier session while its association exists. */
  readonly eksAuthKeepsSessions: boolean;
  /** Whether CreatePodIdentityAssociation rejects a role that does not trust pods.eks.amazonaws.com. */
  readonly associationChecksTrustPolicy: boolean;
  /** STS's error code for a tag that overrides a transitive one. */
  readonly transitiveTagOverrideError: 'InvalidParameterValue' | 'ValidationError' | 'AccessDenied';
  /** EKS Auth's error for a token with a bad signature, a wrong audience or no pod claim. */
  readonly badTokenError: 'InvalidTokenException' | 'InvalidParameterException';
  /** Milliseconds until the webhook and EKS Auth know a changed association. */
  readonly associationPropagation: { readonly webhook: number; readonly eksAuth: number };
  readonly delays: Delays;
  /** Factor by which delays and propagations are faster than AWS's. Throttling is unaffected. */
  readonly pace: number;
  /** Calls that an account may make before a service throttles. Unlisted services never throttle. */
  readonly throttling: Readonly<Partial<Record<ServiceName, ServiceThrottle>>>;
  readonly quotas: Quotas;
}

export interface Quotas {
  /** Of EKS. */
  readonly clusters: number;
  readonly nodegroups: number;
  readonly associations: number;
  /** Of IAM. */
  readonly roles: number;
}

/** Milliseconds of AWS's time, before `pace`. With 0, the call itself waits for the result. */
export interface Delays {
  /** From CREATING to ACTIVE, from DELETING to gone. */
  readonly createCluster: number;
  readonly deleteCluster: number;
  readonly createNodegroup: number;
  readonly deleteNodegroup: number;
  readonly createAddon: number;
  readonly deleteAddon: number;
  /** From a change of a role, policy or OIDC provider to its effect outside IAM. */
  readonly iam: number;
  /** From creation or deletion to List calls of IAM, EKS and S3. */
  readonly listing: number;
  /** How long a deleted name stays taken (409). */
  readonly reuse: number;
}

/** A token bucket: `burst` calls at once, refilled at `perSecond`. */
export interface Throttle {
  readonly perSecond: number;
  readonly burst: number;
}

interface ServiceThrottle extends Throttle {
  /** An additional bucket for each operation that changes something. */
  readonly changes?: Throttle;
}

/** How long changes stay invisible, in milliseconds of real time. */
export interface Lag {
  readonly iam: number;
  /** For IAM's own checks before a deletion. AWS states no figure; it is less than elsewhere. */
  readonly withinIam: number;
  readonly listing: number;
}

export function lagOf({ delays, pace }: Pick<EmulatorSettings, 'delays' | 'pace'>): Lag {
  return { iam: delays.iam / pace, withinIam: delays.iam / 5 / pace, listing: delays.listing / pace };
}
