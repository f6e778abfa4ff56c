import type { EC2Client } from '@aws-sdk/client-ec2';
import type { EKSClient } from '@aws-sdk/client-eks';
import type { IAMClient } from '@aws-sdk/client-iam';
import type { KubeConfig } from '@kubernetes/client-node';
import type { ClusterProvider } from '../../emulator/index.ts';
import type { ClusterAlias } from '../../foundation/protocols/aliases.ts';
import type { ClusterError } from '../../foundation/node/cluster-error.ts';
import type { StartLimiter } from '../../foundation/node/start-limiter.ts';

export interface ProvisioningClients {
  readonly eks: EKSClient;
  readonly iam: IAMClient;
  /** Creates an EC2 client; undefined if clusters need no subnets. */
  readonly ec2?: () => Promise<EC2Client>;
}

export interface ProvisionRequest {
  readonly alias: ClusterAlias;
  /** 1 to 100 characters. */
  readonly name: string;
  readonly region: string;
  readonly accountId: string;
  /** The caller's ARN (GetCallerIdentity), for messages. */
  readonly callerArn?: string;
  readonly clients: ProvisioningClients;
  /** Tags of all AWS resources. */
  readonly tags: Readonly<Record<string, string>>;
  /** Returns a fresh bearer token for the API server. */
  readonly token: (clusterName: string) => Promise<string>;
  /** An adjustable AWS clock, in milliseconds since the epoch. Default: the host's clock. */
  readonly now?: () => number;
  /** Used instead of EKS's endpoint and `token`. */
  readonly kubeConfig?: KubeConfig;
  readonly progress: (line: string) => void;
  /** Fires when the run is interrupted; then `provision` cleans up and rejects. */
  readonly signal: AbortSignal;
}

/** A cluster with an agent and a webhook. */
export interface RunningCluster {
  readonly name: string;
  readonly arn: string;
  /** Without `https://`, as in IAM. */
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
  /** Harness capabilities, complete once the clusters exist. */
  readonly capabilities: ReadonlySet<string>;
  readonly workloadImage: string;
  /** Whether pods are processes of this host, and see its installed programs. */
  readonly onThisMachine?: true;
  /** Limits concurrent pod starts in clusters on this host. */
  readonly podStarts?: StartLimiter;
  /** Describes visible differences from EKS in sentences; complete once the clusters exist. */
  translations(): readonly string[];
  /** Returns the cause of a failed creation, if it is more precise than the error of EKS or `provision`. */
  failure(): ClusterError | undefined;
  /** Removes shared resources. Called after the clusters are deleted. */
  close(): Promise<void>;
}

/** Provides a run's clusters through the EKS API, which is real or emulated (on a `ClusterHost`). */
export interface ClusterDriver extends Clusters {
  /** Whether clusters are remote and slow to create. */
  readonly remote: boolean;
  /** Whether clusters, or an emulated AWS, are deleted after the run, so that their objects need no deletion. */
  readonly disposable: boolean;
  /** Returns the name that the cluster will have. */
  clusterName(alias: ClusterAlias): string;
  /** Creates a cluster with agent and webhook; on failure cleans up. Throws `ClusterError` for causes that users can fix. */
  provision(request: ProvisionRequest): Promise<RunningCluster>;
}

/**
 * Runs the clusters of an emulated EKS, in this process or in Docker. It is created before the emulator, whose address it
 * determines; its provider is created afterwards.
 */
export interface ClusterHost extends Clusters {
  readonly provider: ClusterProvider;
  /** The address that the emulator listens on. */
  readonly bindAddress: string;
  /** Number of additional emulated AWSs with clusters here, for scenarios that change shared state. Default: 0. */
  readonly lanes?: number;
  /** Clusters here with an agent of another version, for scenarios that need it. */
  readonly otherAgent?: Pick<ClusterHost, 'provider' | 'capabilities' | 'facts'>;
  /** Translates a URL on this host for nodes and pods. */
  reachable(url: string): string;
  /** Returns versions and images for the report. */
  facts(clusterName: string): Readonly<Record<string, string>>;
  /** Returns the kubeconfig of an existing cluster that does not accept EKS's tokens. */
  kubeConfig?(clusterName: string): KubeConfig | undefined;
}
