import type { EKSClient } from '@aws-sdk/client-eks';
import type { IAMClient } from '@aws-sdk/client-iam';
import type { S3Client } from '@aws-sdk/client-s3';
import type { STSClient } from '@aws-sdk/client-sts';
import type { CallRecord, Weather } from '../../emulator/index.ts';
import type { AccountAlias } from '../scenario/policy.ts';

export interface AwsClients {
  readonly iam: IAMClient;
  readonly s3: S3Client;
  readonly sts: STSClient;
  readonly eks: EKSClient;
}

/** What only an emulated AWS offers beyond its services' APIs. */
export interface AwsControls {
  /** Moves AWS' clock by `seconds`; `resetClock` brings it back. */
  advanceClock(seconds: number): void;
  resetClock(): void;
  /** Turns a disturbance on; the function returned turns it off. */
  addWeather(weather: Weather): () => void;
  /** The calls that AWS received, oldest first. */
  calls(): readonly CallRecord[];
  findCall(requestId: string): CallRecord | undefined;
}

/** Where the five services are: the project's emulator, or AWS. */
export interface AwsTarget {
  readonly name: 'emulator' | 'aws';
  readonly region: string;
  accountId(alias: AccountAlias): string;
  clients(alias: AccountAlias): AwsClients;
  /** A client of EKS with other credentials than the administrator's. */
  eksWith(credentials: {
    readonly accessKeyId: string;
    readonly secretAccessKey: string;
    readonly sessionToken: string;
  }): EKSClient;
  /** Environment that leads a workload's SDK there; empty for AWS itself. */
  readonly workloadEnvironment: Readonly<Record<string, string>>;
  /** Bearer token for a cluster's API server, as `aws eks get-token` makes it. */
  clusterToken(clusterName: string): Promise<string>;
  readonly controls: AwsControls | undefined;
  close(): Promise<void>;
}
