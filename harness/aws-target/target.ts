import type { ProvisioningClients } from '../../clusters/driver.ts';
import type { CallRecord, Disturbance } from '../../emulator/index.ts';
import type { AccountAlias } from '../../foundation/protocols/aliases.ts';
import type { CallCounts } from '../../aws/call-counts.ts';
import type { AwsClients } from '../../aws/clients.ts';
import type { AwsCredentials } from '../../aws/credentials.ts';
import type { EksAuthAnswer, EksAuthResponse, PodSession } from '../../aws/eks-auth.ts';
import type { AwsService } from '../../aws/service-names.ts';

export interface AwsControls {
  /** AWS's clock, in milliseconds since the epoch. */
  readonly now: () => number;
  /** Moves AWS's clock by `seconds`; `resetClock` resets it. */
  advanceClock(seconds: number): void;
  resetClock(): void;
  /** Turns a disturbance on; the returned function turns it off. */
  addDisturbance(disturbance: Disturbance): () => void;
  calls(): readonly CallRecord[];
  findCall(requestId: string): CallRecord | undefined;
  /** Forgets earlier calls, so that a long run needs little memory. `before`: milliseconds since the epoch. */
  forgetCalls(before: number): void;
}

/** Tells when a change has taken effect, where AWS answers before it has. */
export interface Propagation {
  /**
   * Resolves when earlier changes of IAM are effective, as far as can be observed. Throws `HarnessError` FIXTURE_FAILED
   * after its bound. `accounts`: where changes were made. Default: the main account.
   */
  waitForIam(signal: AbortSignal, accounts?: ReadonlySet<AccountAlias>): Promise<void>;
  /** Seconds for which a probe is repeated that does not meet its expectation yet. */
  readonly boundSeconds: number;
}

/** Where the five services are: the project's emulator, AWS, or other endpoints. */
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
  /** True of an emulator whose resources outlive the run. */
  readonly outlives?: boolean;
  accountId(alias: AccountAlias): string;
  clients(alias: AccountAlias): AwsClients;
  clientsWith(credentials: AwsCredentials): AwsClients;
  /** Asks EKS Auth for the credentials of a pod's token, as the agent does, with the harness's credentials. */
  askEksAuth?(clusterName: string, token: string): Promise<EksAuthAnswer>;
  /** As `askEksAuth`, for a session to be used. `asker` replaces the harness's credentials. */
  openPodSession(
    clusterName: string,
    token: string,
    asker?: AwsCredentials,
  ): Promise<EksAuthResponse & { readonly session?: PodSession }>;
  /** Environment that points a workload's SDK to this AWS; empty for AWS itself. */
  readonly workloadEnvironment: Readonly<Record<string, string>>;
  /** Bearer token for a cluster's API server, as `aws eks get-token` makes it. Default credentials: the harness's. */
  clusterToken(clusterName: string, credentials?: Omit<AwsCredentials, 'expiration'>): Promise<string>;
  readonly controls: AwsControls | undefined;
  /** Undefined where changes are effective when their call is answered. */
  readonly propagation: Propagation | undefined;
  readonly permissionsBoundary: string | undefined;
  callCounts(): CallCounts;
  close(): Promise<void>;
}

export const accountsOf = ({ capabilities }: AwsTarget): readonly AccountAlias[] =>
  capabilities.has('two-accounts') ? ['main', 'other'] : ['main'];
