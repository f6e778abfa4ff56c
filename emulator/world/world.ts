import type { Clock, MovableClock } from '../core/clock.ts';
import type { CallRecord } from './call-log.ts';
import type { EventualMap } from '../core/eventual-map.ts';
import type { Lag, EmulatorSettings } from '../core/settings.ts';
import type { Caller, Credentials, IamUser, RoleSession } from '../core/principal.ts';
import type { ServiceName, ServiceResponse } from '../core/service.ts';
import type { Cluster } from './eks-model.ts';
import type { ManagedPolicy, OidcProvider, Role, User } from '../iam/model.ts';
import type { Bucket, PublicAccessBlock } from './s3-model.ts';

export interface Account {
  readonly id: string;
  /** The key of the user `administrator`, which an account begins with. */
  readonly administrator: Credentials;
  readonly roles: EventualMap<Role>;
  readonly users: EventualMap<User>;
  /** ARN -> policy. AWS's own (`arn:aws:iam::aws:policy/…`) are found through `World.awsManagedPolicies`. */
  readonly policies: EventualMap<ManagedPolicy>;
  /** By ARN. */
  readonly oidcProviders: EventualMap<OidcProvider>;
  readonly clusters: EventualMap<Cluster>;
  /** ARNs of roles that services made for themselves: an account begins without. */
  readonly serviceLinkedRoles: Set<string>;
  /** What S3 Control blocks for all buckets of the account; an account begins without. */
  publicAccessBlock: PublicAccessBlock | undefined;
}

/** A disturbance that tests turn on: calls it matches are delayed, or answered with the error, or both. */
export interface Disturbance {
  readonly service?: ServiceName;
  readonly operation?: string;
  /** Application id (scenario) of the calls it concerns. */
  readonly applicationId?: string;
  /** Only calls that name this cluster. */
  readonly clusterName?: string;
  /** Only AssumeRoleForPodIdentity for pods of this namespace, once the token has been read. */
  readonly namespace?: string;
  /** Only AssumeRoleForPodIdentity with this token. */
  readonly token?: string;
  readonly delayMilliseconds?: number;
  readonly error?: { readonly code: string; readonly status: number; readonly message: string };
  /** What is answered in place of the service's own answer, headers and body as they are. */
  readonly answer?: ServiceResponse;
  /** Of AssumeRoleForPodIdentity: how long the credentials are good that it gives out, in seconds. */
  readonly credentialsSeconds?: number;
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
  readonly settings: EmulatorSettings;
  readonly accounts: Map<string, Account>;
  /** Buckets are one name space over all accounts. */
  readonly buckets: EventualMap<Bucket>;
  readonly awsManagedPolicies: ReadonlyMap<string, ManagedPolicy>;
  /** Names that a trust policy may have as `Service`. */
  readonly servicePrincipals: ReadonlySet<string>;
  readonly credentials: CredentialStore;
  /** Random source: seeded, so that a run can be repeated. Secrets come from node:crypto instead. */
  readonly random: () => number;
  /** The emulator's own URL, `http://127.0.0.1:<port>`, once it listens. */
  readonly endpoint: () => string;
  account(id: string): Account | undefined;
}

/** Finds who an access key belongs to. */
export interface CredentialStore {
  /** Issues a temporary credential for a session, or a long-term key of a user, which counts while the user has it. */
  issue(caller: RoleSession | IamUser): Credentials;
  find(accessKeyId: string): { readonly credentials: Credentials; readonly caller: Caller } | undefined;
}

/** Where services write what they decided while a call is handled; the server makes the record of it. */
export interface CallTrace {
  operation: string;
  readonly authorizations: CallRecord['authorizations'][number][];
  readonly notes: string[];
}
