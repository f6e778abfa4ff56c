import type { EC2Client } from '@aws-sdk/client-ec2';
import type { EKSClient } from '@aws-sdk/client-eks';
import type { IAMClient } from '@aws-sdk/client-iam';
import type { KubeConfig } from '@kubernetes/client-node';
import type { ClusterProvider } from '../emulator/index.ts';
import type { ClusterAlias } from '../foundation/protocols/aliases.ts';
import type { ClusterError } from '../foundation/node/cluster-error.ts';
import type { StartLimiter } from '../foundation/node/start-limiter.ts';

export interface ProvisioningClients {
  readonly eks: EKSClient;
  readonly iam: IAMClient;
  /** Makes a client of EC2; undefined if clusters need no subnets. */
  readonly ec2?: () => Promise<EC2Client>;
}

export interface ProvisionRequest {
  readonly alias: ClusterAlias;
  /** 1 to 100 characters. */
  readonly name: string;
  readonly region: string;
  readonly accountId: string;
  /** The caller (GetCallerIdentity), for messages. */
  readonly callerArn?: string;
  readonly clients: ProvisioningClients;
  /** Tags of all AWS objects. */
  readonly tags: Readonly<Record<string, string>>;
  /** Returns a fresh bearer token for the API server. */
  readonly token: (clusterName: string) => Promise<string>;
  /** AWS's clock, milliseconds since the epoch, if it may be moved. Default: this machine's. */
  readonly now?: () => number;
  /** Replaces EKS's endpoint and `token`. */
  readonly kubeConfig?: KubeConfig;
  readonly progress: (line: string) => void;
  /** Fires when the run is interrupted: `provision` then rejects and cleans up. */
  readonly signal: AbortSignal;
}

/** A cluster with agent and webhook. */
export interface RunningCluster {
  readonly name: string;
  readonly arn: string;
  /** Without `https://`, as IAM names it. */
  readonly issuer: string;
  /** ARN of the OIDC provider in the cluster's account. */
  readonly providerArn: string;
  readonly nodeRoleArn: string;
  readonly kubeConfig: KubeConfig;
  /** Facts for the report, such as versions. */
  readonly facts: Readonly<Record<string, string>>;
  /** Deletes the cluster and everything created for it. */
  delete(): Promise<void>;
}

interface Clusters {
  readonly name: string;
  /** Harness capability names, complete once the clusters exist. */
  readonly capabilities: ReadonlySet<string>;
  readonly workloadImage: string;
  /** Whether pods are processes of this machine, and see its installed programs. */
  readonly onThisMachine?: true;
  /** Whether API server and webhook learn of changes with a delay, from watches. */
  readonly eventual: boolean;
  /** Limits concurrent pod starts, where these are this machine's work. */
  readonly podStarts?: StartLimiter;
  /** Sentences about visible differences from EKS, complete once the clusters exist. */
  translations(): readonly string[];
  /** A better known cause of a failed creation than EKS's or `provision`'s error. */
  failure(): ClusterError | undefined;
  /** Removes shared resources, after the clusters were deleted. */
  close(): Promise<void>;
}

/** Provides a run's clusters through the EKS API, real or emulated (on a `ClusterHost`). */
export interface ClusterDriver extends Clusters {
  /** Whether clusters are across a network and slow to create. */
  readonly remote: boolean;
  /** Whether clusters end with the run, so that their objects need no deletion. The same holds for an emulated AWS. */
  readonly disposable: boolean;
  /** Returns the name before the cluster exists. */
  clusterName(alias: ClusterAlias): string;
  /** Creates a cluster with agent and webhook, or cleans up. Throws `ClusterError` for causes that users can fix. */
  provision(request: ProvisionRequest): Promise<RunningCluster>;
}

/**
 * Where an emulated EKS's clusters run: in this process, or in Docker. Created before the emulator, whose address it
 * determines, and its provider afterwards.
 */
export interface ClusterHost extends Clusters {
  readonly provider: ClusterProvider;
  /** Address that the emulator binds. */
  readonly bindAddress: string;
  /** Number of further emulated AWSs that may have clusters here, for scenarios that change what others share. Default 0. */
  readonly lanes?: number;
  /** Translates a URL of this machine for nodes and pods. */
  reachable(url: string): string;
  /** Versions and images for the report. */
  facts(clusterName: string): Readonly<Record<string, string>>;
  /** Kubeconfig of an existing cluster that does not accept EKS's tokens. */
  kubeConfig?(clusterName: string): KubeConfig | undefined;
}
