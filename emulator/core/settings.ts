import type { ServiceName } from './service.ts';

/** Undocumented behaviour, by name, each with the default stated in docs/emulator.md. */
export interface EmulatorSettings {
  /** EKS Auth's error when no association matches the token's subject. */
  readonly noAssociationError: 'ResourceNotFoundException' | 'AccessDeniedException';
  /** EKS Auth gives a pod the session again that it opened for it, as long as its association is there. */
  readonly eksAuthKeepsSessions: boolean;
  /** CreatePodIdentityAssociation refuses a role whose trust policy has no statement for pods.eks.amazonaws.com. */
  readonly associationChecksTrustPolicy: boolean;
  /** STS' error code when a caller passes a tag that overrides a transitive one. */
  readonly transitiveTagOverrideError: 'InvalidParameterValue' | 'ValidationError' | 'AccessDenied';
  /** EKS Auth's error for a token with a bad signature, a wrong audience or no pod claim. */
  readonly badTokenError: 'InvalidTokenException' | 'InvalidParameterException';
  /** Milliseconds between a change of an association and the webhook's (`webhook`) and EKS Auth's (`eksAuth`) knowing it. */
  readonly associationPropagation: { readonly webhook: number; readonly eksAuth: number };
  /** How long AWS takes for what it does after it has answered. */
  readonly delays: Delays;
  /** How many times faster than AWS the delays and propagations pass: at 60 a minute takes a second. Throttling is untouched. */
  readonly pace: number;
  /** Calls of an account that a service takes before it throttles. A service that is not named takes any number. */
  readonly throttling: Readonly<Partial<Record<ServiceName, ServiceThrottle>>>;
  readonly quotas: Quotas;
}

/** Service quotas. */
export interface Quotas {
  /** Of EKS: clusters of an account, managed node groups of a cluster, associations of a cluster. */
  readonly clusters: number;
  readonly nodegroups: number;
  readonly associations: number;
  /** Of IAM: roles of an account. */
  readonly roles: number;
}

/** Milliseconds of AWS' time, before `pace`. With 0 the call itself answers when it is done. */
export interface Delays {
  /** From CREATING to ACTIVE, from DELETING to gone. */
  readonly createCluster: number;
  readonly deleteCluster: number;
  readonly createNodegroup: number;
  readonly deleteNodegroup: number;
  readonly createAddon: number;
  readonly deleteAddon: number;
  /** From a change of a role, a policy or an OIDC provider to its effect at authorization, STS, EKS and EKS Auth. */
  readonly iam: number;
  /** From the creation or deletion of something to its showing in List calls of IAM, EKS and S3. */
  readonly listing: number;
  /** How long the name of something that was deleted is still taken (409). */
  readonly reuse: number;
}

/** A token bucket: `burst` calls at once, filled up at `perSecond`. */
export interface Throttle {
  readonly perSecond: number;
  readonly burst: number;
}

interface ServiceThrottle extends Throttle {
  /** Beside all calls, those of each operation that changes something have a bucket of their own. */
  readonly changes?: Throttle;
}

/** For how long changes go unseen, in milliseconds of real time: the settings `delays.iam` and `.listing` at their pace. */
export interface Lag {
  readonly iam: number;
  /** Within IAM: what it looks at before it deletes something. AWS tells no figure; it is less than elsewhere. */
  readonly withinIam: number;
  readonly listing: number;
}

export function lagOf({ delays, pace }: Pick<EmulatorSettings, 'delays' | 'pace'>): Lag {
  return { iam: delays.iam / pace, withinIam: delays.iam / 5 / pace, listing: delays.listing / pace };
}
