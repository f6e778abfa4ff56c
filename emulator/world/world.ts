import type { Clock, MovableClock } from '../core/clock.ts';
import type { CallRecord } from './call-log.ts';
import type { EventualMap } from '../core/eventual-map.ts';
import type { Lag, EmulatorSettings } from '../core/settings.ts';
import type { CompiledPolicy } from '../../identity/policy/index.ts';
import type { Caller, IamUser, RoleSession } from '../../identity/policy/principal.ts';
import type { Credentials } from '../core/credentials.ts';
import type { RequestContext } from '../../identity/policy/global-keys.ts';
import type { Organization } from '../../identity/organization.ts';
import type { ServiceName, ServiceResponse } from '../core/service.ts';
import type { Instance, VpcEndpoint } from './ec2-model.ts';
import type { Cluster } from './eks-model.ts';
import type { ManagedPolicy, OidcProvider, Role, User } from '../iam/model.ts';
import type { Bucket, PublicAccessBlock } from './s3-model.ts';

export interface Account {
  readonly id: string;
  /** Access key of the user `administrator`. */
  readonly administrator: Credentials;
  readonly roles: EventualMap<Role>;
  readonly users: EventualMap<User>;
  /** By ARN, without AWS managed policies (`World.awsManagedPolicies`). */
  readonly policies: EventualMap<ManagedPolicy>;
  /** By ARN. */
  readonly oidcProviders: EventualMap<OidcProvider>;
  readonly clusters: EventualMap<Cluster>;
  /** By id. */
  readonly instances: Map<string, Instance>;
  /** By id. */
  readonly vpcEndpoints: Map<string, VpcEndpoint>;
  /** ARNs of service-linked roles. */
  readonly serviceLinkedRoles: Set<string>;
  /** S3 Control's setting for all buckets of the account. */
  publicAccessBlock: PublicAccessBlock | undefined;
}

/** Delays matching calls, or answers them. */
export interface Disturbance {
  readonly service?: ServiceName;
  readonly operation?: string;
  /** Application id, which identifies a scenario. */
  readonly applicationId?: string;
  readonly clusterName?: string;
  /** Matches only AssumeRoleForPodIdentity for pods in this namespace. */
  readonly namespace?: string;
  /** Matches only AssumeRoleForPodIdentity with this token. */
  readonly token?: string;
  readonly delayMilliseconds?: number;
  readonly error?: { readonly code: string; readonly status: number; readonly message: string };
  /** Replaces the service's answer. */
  readonly answer?: ServiceResponse;
  /** Lifetime of AssumeRoleForPodIdentity's credentials, in seconds. */
  readonly credentialsSeconds?: number;
  /** Number of affected calls; default: all until removed. */
  readonly times?: number;
}

export interface World {
  readonly partition: 'aws';
  readonly region: string;
  readonly clock: MovableClock;
  /** Monotonic milliseconds. Delays use it instead of `clock`, so that tests that move the clock do not affect them. */
  readonly uptime: Clock;
  readonly lag: Lag;
  readonly settings: EmulatorSettings;
  readonly accounts: Map<string, Account>;
  /** The name space that all accounts share. */
  readonly buckets: EventualMap<Bucket>;
  /** Policies of KMS keys by the ARN of the key. */
  readonly keyPolicies: Map<string, CompiledPolicy>;
  readonly awsManagedPolicies: ReadonlyMap<string, ManagedPolicy>;
  /** Valid `Service` principals in trust policies. */
  readonly servicePrincipals: ReadonlySet<string>;
  readonly credentials: CredentialStore;
  /** By `podKey`. Sessions keep the context that their pod has when they are opened. */
  readonly podContexts: Map<string, RequestContext>;
  /** The organization whose policies restrict the accounts. */
  organization?: Organization | undefined;
  /** Seeded. Secrets come from node:crypto instead. */
  readonly random: () => number;
  /** `http://127.0.0.1:<port>`, once the server listens. */
  readonly endpoint: () => string;
  account(id: string): Account | undefined;
}

export interface CredentialStore {
  /** Issues a temporary key for a session, or a long-term key for a user. */
  issue(caller: RoleSession | IamUser): Credentials;
  find(accessKeyId: string): { readonly credentials: Credentials; readonly caller: Caller } | undefined;
}

/** Collects a call's decisions for its record. */
export interface CallTrace {
  operation: string;
  readonly authorizations: CallRecord['authorizations'][number][];
  readonly notes: string[];
}
