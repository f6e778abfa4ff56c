import type { ServiceName } from './service.ts';

/** Undocumented AWS behaviour. */
export interface EmulatorSettings {
  /** EKS Auth's error if no association matches the token's subject. */
  readonly noAssociationError: 'ResourceNotFoundException' | 'AccessDeniedException';
  /** Whether EKS Auth returns a pod's earlier session as long as its association exists. */
  readonly eksAuthKeepsSessions: boolean;
  /** Whether CreatePodIdentityAssociation rejects a role that does not trust pods.eks.amazonaws.com. */
  readonly associationChecksTrustPolicy: boolean;
  /** STS's error code for a tag that overrides a transitive one. */
  readonly transitiveTagOverrideError: 'InvalidParameterValue' | 'ValidationError' | 'AccessDenied';
  /** EKS Auth's error for a token with a bad signature, a wrong audience or no pod claim. */
  readonly badTokenError: 'InvalidTokenException' | 'InvalidParameterException';
  /** Milliseconds until the webhook and EKS Auth notice a changed association. */
  readonly associationPropagation: { readonly webhook: number; readonly eksAuth: number };
  /** Milliseconds until changes are complete. */
  readonly delays: Delays;
  /** How many times faster than AWS delays and propagation are. Throttling is unaffected. */
  readonly pace: number;
  /** The calls that an account can make before a service throttles it. Unlisted services never throttle. */
  readonly throttling: Readonly<Partial<Record<ServiceName, ServiceThrottle>>>;
  /** Maximum numbers per account, and per cluster of node groups and associations. */
  readonly quotas: Quotas;
}

interface Quotas {
  /** EKS quotas. */
  readonly clusters: number;
  readonly nodegroups: number;
  readonly associations: number;
  /** IAM quota. */
  readonly roles: number;
}

/** Milliseconds as on AWS, to be divided by `pace`. With 0, the call itself waits for the result. */
export interface Delays {
  /** From CREATING to ACTIVE, or from DELETING to the end. */
  readonly createCluster: number;
  readonly deleteCluster: number;
  readonly createNodegroup: number;
  readonly deleteNodegroup: number;
  readonly createAddon: number;
  readonly deleteAddon: number;
  /** From a change of a role, policy or OIDC provider until it takes effect outside IAM. */
  readonly iam: number;
  /** From a creation or deletion until List calls of IAM, EKS and S3 show it. */
  readonly listing: number;
  /** How long a deleted name stays taken (409). */
  readonly reuse: number;
}

/** A token bucket: allows `burst` calls at once and refills at `perSecond`. */
export interface Throttle {
  readonly perSecond: number;
  readonly burst: number;
}

interface ServiceThrottle extends Throttle {
  /** An additional bucket for each mutating operation. */
  readonly changes?: Throttle;
}

/** How long changes stay invisible, in milliseconds of real time. */
export interface Lag {
  readonly iam: number;
  /** For IAM's own checks before a deletion. AWS publishes no figure, but it is shorter than elsewhere. */
  readonly withinIam: number;
  readonly listing: number;
}

export function lagOf({ delays, pace }: Pick<EmulatorSettings, 'delays' | 'pace'>): Lag {
  return { iam: delays.iam / pace, withinIam: delays.iam / 5 / pace, listing: delays.listing / pace };
}
