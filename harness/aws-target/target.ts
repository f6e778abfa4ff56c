import type { ProvisioningClients } from '../../clusters/interface/driver.ts';
import type { CallRecord, Disturbance, Emulator, PodReference, RequestContext } from '../../emulator/index.ts';
import type { AccountAlias } from '../../foundation/protocols/aliases.ts';
import type { CallCounts } from '../../aws/call-counts.ts';
import type { AwsClients } from '../../aws/clients.ts';
import type { AwsCredentials } from '../../aws/credentials.ts';
import type { EksAuthAnswer, EksAuthResponse, PodSession } from '../../aws/eks-auth.ts';
import type { AwsService } from '../../aws/service-names.ts';

interface AwsControls {
  /** AWS's clock, in milliseconds since the epoch. */
  readonly now: () => number;
  /** Moves AWS's clock by `seconds`; `resetClock` resets it. */
  advanceClock(seconds: number): void;
  resetClock(): void;
  /** Turns a disturbance on; the returned function turns it off. */
  addDisturbance(disturbance: Disturbance): () => void;
  /** Decides about a request to any service as the session that signed earlier calls, as `Emulator.authorize`. */
  authorize: Emulator['authorize'];
  /** Sets condition keys of a pod's requests, before the pod exists. The returned function removes them. */
  setPodContext(pod: PodReference, context: RequestContext): () => void;
  /** Restricts all accounts by the policies of an organization. The returned function removes it. */
  setOrganization: Emulator['setOrganization'];
  /** Creates a KMS key for S3. The returned function removes it. */
  createKey: Emulator['createKey'];
  calls(): readonly CallRecord[];
  findCall(requestId: string): CallRecord | undefined;
  /** Removes a bucket's policy with the rights of the account's root user. */
  removeBucketPolicy?(bucket: string): void;
  /** Forgets earlier calls, so that a long run needs little memory. `before`: milliseconds since the epoch. */
  forgetCalls(before: number): void;
}

/** Waits for changes that take effect after AWS's answer. */
export interface Propagation {
  /**
   * Resolves when earlier IAM changes are effective, as far as can be observed. Throws `HarnessError` FIXTURE_FAILED
   * after the bound. `accounts`: accounts with changes. Default: the main account.
   */
  waitForIam(signal: AbortSignal, accounts?: ReadonlySet<AccountAlias>): Promise<void>;
  /** Seconds to repeat a probe that does not meet its expectation yet. */
  readonly boundSeconds: number;
}

/** The AWS of a run: the project's emulator, AWS itself, or other endpoints. */
export interface AwsTarget {
  readonly name: 'emulator' | 'aws' | 'endpoint';
  readonly endpoints: Readonly<Partial<Record<AwsService, string>>>;
  readonly services?: readonly AwsService[];
  readonly region: string;
  readonly capabilities: ReadonlySet<string>;
  /** Missing capabilities, each with a reason that is not a whole sentence. */
  readonly unavailable?: ReadonlyMap<string, string>;
  readonly callerArn?: string;
  /** The clients that provision clusters, if not those of the main account only. */
  readonly provisioning?: ProvisioningClients;
  accountId(alias: AccountAlias): string;
  clients(alias: AccountAlias): AwsClients;
  clientsWith(credentials: AwsCredentials): AwsClients;
  /** Exchanges a pod's token for credentials at EKS Auth like the agent, but with the harness's credentials. */
  askEksAuth?(clusterName: string, token: string): Promise<EksAuthAnswer>;
  /** Like `askEksAuth`, but returns a session to use. `asker` replaces the harness's credentials. */
  openPodSession(
    clusterName: string,
    token: string,
    asker?: AwsCredentials,
  ): Promise<EksAuthResponse & { readonly session?: PodSession }>;
  /** Environment variables that point a workload's SDK to this AWS; empty for AWS itself. */
  readonly workloadEnvironment: Readonly<Record<string, string>>;
  /** Returns a bearer token for a cluster's API server, like `aws eks get-token`. Default credentials: the harness's. */
  clusterToken(clusterName: string, credentials?: Omit<AwsCredentials, 'expiration'>): Promise<string>;
  readonly controls: AwsControls | undefined;
  /** Undefined if changes are effective when their call returns. */
  readonly propagation: Propagation | undefined;
  readonly permissionsBoundary: string | undefined;
  callCounts(): CallCounts;
  close(): Promise<void>;
}

export const accountsOf = ({ capabilities }: AwsTarget): readonly AccountAlias[] =>
  capabilities.has('two-accounts') ? ['main', 'other'] : ['main'];
