import type { ProvisioningClients } from '../../clusters/driver.ts';
import type { CallRecord, Disturbance } from '../../emulator/index.ts';
import type { AccountAlias } from '../../foundation/protocols/aliases.ts';
import type { CallCounts } from '../../aws/call-counts.ts';
import type { AwsClients } from '../../aws/clients.ts';
import type { AwsCredentials } from '../../aws/credentials.ts';
import type { EksAuthAnswer, EksAuthResponse, PodSession } from '../../aws/eks-auth.ts';
import type { AwsService } from '../../aws/service-names.ts';

/** What only an emulated AWS offers beyond its services' APIs. */
export interface AwsControls {
  /** AWS' clock, in milliseconds since the epoch. */
  readonly now: () => number;
  /** Moves AWS' clock by `seconds`; `resetClock` brings it back. */
  advanceClock(seconds: number): void;
  resetClock(): void;
  /** Turns a disturbance on; the function returned turns it off. */
  addDisturbance(disturbance: Disturbance): () => void;
  /** The calls that AWS received, oldest first. */
  calls(): readonly CallRecord[];
  findCall(requestId: string): CallRecord | undefined;
  /** Forgets the calls that were received before that time, in milliseconds since the epoch, so that a long run keeps few. */
  forgetCalls(before: number): void;
}

/** How it is found out that a change has taken effect, where AWS answers before it has. */
export interface Propagation {
  /**
   * Resolves when the changes of IAM that were answered before the call have taken effect, as far as can be seen from
   * outside. Calls at the same time share one look. Throws `HarnessError` FIXTURE_FAILED after its bound.
   * @param accounts where changes were made, since each account's are seen on their own. Default: the main one.
   */
  waitForIam(signal: AbortSignal, accounts?: ReadonlySet<AccountAlias>): Promise<void>;
  /** Seconds that a change may take to be seen at all: how long a probe is repeated that does not meet its expectation yet. */
  readonly boundSeconds: number;
}

/** Where the five services are: the project's emulator, AWS, or other endpoints. */
export interface AwsTarget {
  readonly name: 'emulator' | 'aws' | 'endpoint';
  /** Services at a URL of their own, where that is not all the emulator's or AWS'. */
  readonly endpoints: Readonly<Partial<Record<AwsService, string>>>;
  /** The services that are there. Default: all. */
  readonly services?: readonly AwsService[];
  readonly region: string;
  /** What it can do, by the harness' capability names. */
  readonly capabilities: ReadonlySet<string>;
  /** What cannot be had here though the clusters or AWS in general can, by capability: why, in words that end no sentence. */
  readonly unavailable?: ReadonlyMap<string, string>;
  /** ARN of who the credentials are, where they are not the emulator's own. */
  readonly callerArn?: string;
  /** The clients that clusters are provisioned with, where they are not those of the main account alone. */
  readonly provisioning?: ProvisioningClients;
  /** True of an emulator that keeps what is made in it elsewhere: it does not end with the run. */
  readonly outlives?: boolean;
  accountId(alias: AccountAlias): string;
  clients(alias: AccountAlias): AwsClients;
  /** Clients with other credentials than the administrator's. */
  clientsWith(credentials: AwsCredentials): AwsClients;
  /** Asks EKS Auth for the credentials of a pod's token, as the agent does, with the harness' own credentials. */
  askEksAuth?(clusterName: string, token: string): Promise<EksAuthAnswer>;
  /** As `askEksAuth`, for a session to be used. `asker`: in the place of the harness' own credentials. */
  openPodSession(
    clusterName: string,
    token: string,
    asker?: AwsCredentials,
  ): Promise<EksAuthResponse & { readonly session?: PodSession }>;
  /** Environment that leads a workload's SDK there; empty for AWS itself. */
  readonly workloadEnvironment: Readonly<Record<string, string>>;
  /** Bearer token for a cluster's API server, as `aws eks get-token` makes it: of whose credentials they are, or the harness. */
  clusterToken(clusterName: string, credentials?: Omit<AwsCredentials, 'expiration'>): Promise<string>;
  readonly controls: AwsControls | undefined;
  /** Undefined where a change has taken effect when its call is answered. */
  readonly propagation: Propagation | undefined;
  /** ARN of the managed policy that bounds every role that the harness makes in the main account. */
  readonly permissionsBoundary: string | undefined;
  callCounts(): CallCounts;
  close(): Promise<void>;
}

export const accountsOf = ({ capabilities }: AwsTarget): readonly AccountAlias[] =>
  capabilities.has('two-accounts') ? ['main', 'other'] : ['main'];
