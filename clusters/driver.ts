import type { EC2Client } from '@aws-sdk/client-ec2';
import type { EKSClient } from '@aws-sdk/client-eks';
import type { IAMClient } from '@aws-sdk/client-iam';
import type { KubeConfig } from '@kubernetes/client-node';
import type { ClusterProvider } from '../emulator/index.ts';
import type { ClusterAlias } from '../foundation/protocols/aliases.ts';
import type { ClusterError } from '../foundation/node/cluster-error.ts';
import type { StartLimiter } from '../foundation/node/start-limiter.ts';

/** The AWS clients that a cluster is provisioned with. */
export interface ProvisioningClients {
  readonly eks: EKSClient;
  readonly iam: IAMClient;
  /** Where subnets are found; absent where clusters need none. */
  readonly ec2?: EC2Client;
}

export interface ProvisionRequest {
  readonly alias: ClusterAlias;
  /** Cluster name, 1 to 100 characters. */
  readonly name: string;
  readonly region: string;
  readonly accountId: string;
  /** Who the credentials are (GetCallerIdentity), for messages. */
  readonly callerArn?: string;
  readonly clients: ProvisioningClients;
  /** Tags of every AWS object that is made. */
  readonly tags: Readonly<Record<string, string>>;
  /** Fresh bearer token for the API server. */
  readonly token: (clusterName: string) => Promise<string>;
  /** AWS' clock, in milliseconds since the epoch, where it may be moved. Default: this machine's. */
  readonly now?: () => number;
  /** The way to the API server that is taken in place of EKS' endpoint and `token`. */
  readonly kubeConfig?: KubeConfig;
  /** One line about what is being done. */
  readonly progress: (line: string) => void;
  /** Fires when the run is interrupted: `provision` then rejects soon, and what was made is undone. */
  readonly signal: AbortSignal;
}

/** A cluster that scenarios can run on, with agent and webhook. */
export interface RunningCluster {
  readonly name: string;
  readonly arn: string;
  /** Service account issuer without `https://`, as IAM names it. */
  readonly issuer: string;
  /** ARN of the issuer's OIDC provider in the cluster's account. */
  readonly providerArn: string;
  readonly nodeRoleArn: string;
  readonly kubeConfig: KubeConfig;
  /** Facts for the report, such as versions. */
  readonly facts: Readonly<Record<string, string>>;
  /** Deletes the cluster and all that was made for it. */
  delete(): Promise<void>;
}

/** What drivers and hosts tell of their clusters alike. */
interface Clusters {
  readonly name: string;
  /** What its clusters can do, by the harness' capability names; whole once the clusters are there, since some depend on what runs on them. */
  readonly capabilities: ReadonlySet<string>;
  /** Image reference of the workload program on its clusters. */
  readonly workloadImage: string;
  /** Pods are processes of this machine, and find what is installed on it. Default: they find what their image has. */
  readonly onThisMachine?: true;
  /** API server and webhook learn of changes a moment later, from watches. */
  readonly eventual: boolean;
  /** Lets only so many pods be starting at once, where that is this machine's work and nobody else sees to it. */
  readonly podStarts?: StartLimiter;
  /** How clusters differ from EKS in what workloads and agent see: a sentence each. Whole once the clusters are there. */
  translations(): readonly string[];
  /** Why a cluster could not be made, where the cause is known better than from the error that EKS' API or `provision` gives. */
  failure(): ClusterError | undefined;
  /** Removes what was made for all clusters together. Clusters are deleted before. */
  close(): Promise<void>;
}

/**
 * Gives a run its clusters: through the EKS API, which an emulated EKS hands on to a `ClusterHost`, or which makes real ones.
 * All a run knows of clusters.
 */
export interface ClusterDriver extends Clusters {
  /** Clusters are across a network, and take minutes to make. */
  readonly remote: boolean;
  /**
   * The clusters end with the run, and what is in them need not be deleted one by one. What is in AWS does too where the run's
   * AWS is the emulator, and is always deleted elsewhere.
   */
  readonly disposable: boolean;
  /** Name of a cluster of the run, known before it is there. */
  clusterName(alias: ClusterAlias): string;
  /** Gives a running cluster with agent and webhook; undoes what it made when that fails. Throws `ClusterError` for causes that a user can act on. */
  provision(request: ProvisionRequest): Promise<RunningCluster>;
}

/**
 * Where the clusters of an emulated EKS live: in this process, or in Docker. Made before the emulator is started, since
 * it says where that must listen to be reached; the emulator's CreateCluster, CreateNodegroup and CreateAddon then end in
 * its provider.
 */
export interface ClusterHost extends Clusters {
  readonly provider: ClusterProvider;
  /** Address that the emulator binds. */
  readonly bindAddress: string;
  /** A URL of this machine as nodes and pods reach it. */
  reachable(url: string): string;
  /** Facts of a cluster for the report: versions and images. */
  facts(clusterName: string): Readonly<Record<string, string>>;
  /** The kubeconfig of a cluster that is not reached by EKS' own tokens: one that existed before. */
  kubeConfig?(clusterName: string): KubeConfig | undefined;
}
