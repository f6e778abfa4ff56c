import type { EKSClient } from '@aws-sdk/client-eks';
import type { IAMClient } from '@aws-sdk/client-iam';
import type { KubeConfig } from '@kubernetes/client-node';

/** The AWS clients that a driver provisions with. */
export interface ProvisioningClients {
  readonly eks: EKSClient;
  readonly iam: IAMClient;
}

export interface ProvisionRequest {
  /** Cluster name, 1 to 100 characters. */
  readonly name: string;
  readonly region: string;
  readonly accountId: string;
  readonly clients: ProvisioningClients;
  /** Tags of every AWS object that is made. */
  readonly tags: Readonly<Record<string, string>>;
  /** Fresh bearer token for the API server. */
  readonly token: (clusterName: string) => Promise<string>;
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

/** Where Kubernetes is: provisions clusters and deletes them. */
export interface ClusterDriver {
  readonly name: 'embedded' | 'kind' | 'eks';
  /** What its clusters can do, by the harness' capability names. */
  readonly capabilities: ReadonlySet<string>;
  /** Image reference of the probe program on its clusters. */
  readonly probeImage: string;
  provision(request: ProvisionRequest): Promise<RunningCluster>;
}
