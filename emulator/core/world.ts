import type { CompiledPolicy } from '../iam/policy/index.ts';
import type { Clock, MovableClock } from './clock.ts';
import type { CallRecord } from './calls.ts';
import type { EventualMap } from './eventual-map.ts';
import type { EmulatorFault } from './faults.ts';
import type { Lag } from './lag.ts';
import type { Caller, Credentials } from './principal.ts';
import type { ServiceName } from './service.ts';
import type { Cluster } from '../eks/model.ts';
import type { Bucket } from '../s3/model.ts';

/**
 * IAM role as the emulator keeps it. Documents are kept as text (as they are answered) beside their compiled form. It is
 * never changed in place, as nothing of IAM is: a changed copy takes its place, while others may still see the role as it was.
 */
export interface Role {
  readonly name: string;
  readonly path: string;
  readonly arn: string;
  /** `AROA…` */
  readonly id: string;
  readonly accountId: string;
  readonly createdAt: number;
  readonly description: string | undefined;
  readonly maxSessionDuration: number;
  readonly trustPolicyText: string;
  readonly trustPolicy: CompiledPolicy;
  /** Policy name -> document. */
  readonly inlinePolicies: ReadonlyMap<string, PolicyDocument>;
  /** ARNs of attached managed policies. */
  readonly attachedPolicies: ReadonlySet<string>;
  readonly permissionsBoundary: string | undefined;
  readonly tags: ReadonlyMap<string, string>;
}

export interface PolicyDocument {
  readonly text: string;
  readonly compiled: CompiledPolicy;
}

export interface ManagedPolicy {
  readonly arn: string;
  readonly name: string;
  readonly path: string;
  readonly id: string;
  readonly createdAt: number;
  readonly description: string | undefined;
  /** Version id (`v1`) -> document; `defaultVersion` is the one in force. */
  readonly versions: ReadonlyMap<string, PolicyDocument & { readonly createdAt: number }>;
  readonly defaultVersion: string;
  /** Number of the newest version: IAM does not give a number out twice, even if its version is deleted. */
  readonly newestVersion: number;
  readonly tags: ReadonlyMap<string, string>;
}

export interface OidcProvider {
  readonly arn: string;
  /** Issuer without `https://`. */
  readonly issuer: string;
  readonly createdAt: number;
  readonly clientIds: ReadonlySet<string>;
  readonly thumbprints: readonly string[];
  readonly tags: ReadonlyMap<string, string>;
}

export interface Account {
  readonly id: string;
  readonly administrator: Credentials;
  readonly roles: EventualMap<Role>;
  /** ARN -> policy. AWS's own (`arn:aws:iam::aws:policy/…`) are found through `World.awsManagedPolicies`. */
  readonly policies: EventualMap<ManagedPolicy>;
  /** By ARN. */
  readonly oidcProviders: EventualMap<OidcProvider>;
  readonly clusters: EventualMap<Cluster>;
  /** ARNs of roles that services made for themselves: an account begins without. */
  readonly serviceLinkedRoles: Set<string>;
}

/** Undocumented behaviour, by name, each with the default stated in docs/emulator.md. */
export interface EmulatorSettings {
  /** EKS Auth's error when no association matches the token's subject. */
  readonly noAssociationError: 'ResourceNotFoundException' | 'AccessDeniedException';
  /** EKS Auth refuses a token whose bound pod is gone. AWS is not known to look. */
  readonly eksAuthChecksPodExists: boolean;
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

export interface ServiceThrottle extends Throttle {
  /** Beside all calls, those of each operation that changes something have a bucket of their own. */
  readonly changes?: Throttle;
}

/** A disturbance that tests turn on: calls it matches are delayed, or answered with the error, or both. */
export interface Weather {
  readonly service?: ServiceName;
  readonly operation?: string;
  /** Application id (scenario) of the calls it concerns. */
  readonly applicationId?: string;
  /** Only calls that name this cluster. */
  readonly clusterName?: string;
  /** Only AssumeRoleForPodIdentity for pods of this namespace, once the token has been read. */
  readonly namespace?: string;
  readonly delayMilliseconds?: number;
  readonly error?: { readonly code: string; readonly status: number; readonly message: string };
  /** How many calls it concerns; without it, all until it is removed. */
  readonly times?: number;
}

/** All that the emulator knows, handed to each service. */
export interface World {
  readonly partition: 'aws';
  readonly region: string;
  readonly clock: MovableClock;
  /**
   * Milliseconds since some moment, in real time. What AWS takes time for is measured by it and not by `clock`: a test that
   * moves that one hours ahead or back neither skips nor stretches what is under way for others.
   */
  readonly uptime: Clock;
  /** How far what is seen elsewhere stays behind. */
  readonly lag: Lag;
  readonly faults: ReadonlySet<EmulatorFault>;
  readonly settings: EmulatorSettings;
  readonly accounts: Map<string, Account>;
  /** Buckets are one name space over all accounts. */
  readonly buckets: EventualMap<Bucket>;
  readonly awsManagedPolicies: ReadonlyMap<string, ManagedPolicy>;
  readonly credentials: CredentialStore;
  /** Random source: seeded, so that a run can be repeated. Secrets come from node:crypto instead. */
  readonly random: () => number;
  /** The emulator's own URL, `http://127.0.0.1:<port>`, once it listens. */
  readonly endpoint: () => string;
  account(id: string): Account | undefined;
}

/** Finds who an access key belongs to. */
export interface CredentialStore {
  /** Issues a temporary credential for a session, or the long-term key of a root. */
  issue(caller: Caller): Credentials;
  find(accessKeyId: string): { readonly credentials: Credentials; readonly caller: Caller } | undefined;
}

/** Where services write what they decided while a call is handled; the server makes the record of it. */
export interface CallTrace {
  operation: string;
  readonly authorizations: CallRecord['authorizations'][number][];
  readonly notes: string[];
}
