import type { EC2Client } from '@aws-sdk/client-ec2';
import type { Timing } from './timing.ts';

/** Where EKS clusters come from and what runs on them. */
export interface EksOptions {
  /** Id of the run. */
  readonly run: string;
  /** Image reference of the probe program, as nodes can pull it. */
  readonly probeImage: string;
  /** Names of existing clusters to use, those of c1 and c2 in this order. None: clusters are made. */
  readonly attach: readonly string[];
  /** Longest time until a cluster is ready, in milliseconds. */
  readonly readyMilliseconds: number;
  /** Such as `1.34`; default: EKS' own. */
  readonly kubernetesVersion?: string;
  /** Of the add-on, such as `v1.3.10-eksbuild.2`; default: EKS' own. */
  readonly addonVersion?: string;
  readonly compute: 'node-group' | 'auto-mode';
  readonly instanceType: string;
  readonly nodes: number;
  /** Default: those of the one VPC whose subnets are tagged for EKS. */
  readonly subnetIds: readonly string[];
  /** Default: roles of the run. */
  readonly clusterRoleArn?: string;
  readonly nodeRoleArn?: string;
  readonly adminPrincipalArn?: string;
  /** A candidate of the agent, installed in place of the add-on. */
  readonly agentImage?: string;
  /** Further flags of the candidate's `server` command. */
  readonly agentArgs: readonly string[];
  /** URL of EKS Auth as the candidate reaches it. Default: the region's. */
  readonly eksAuthEndpoint?: string;
  /** All faults of the run: the candidate gets its own. */
  readonly faults: readonly string[];
  /** Who the credentials are (GetCallerIdentity), for messages. */
  readonly callerArn?: string;
  /** `optional`: a cluster without an API server is taken as well, without the capability `kubernetes`. Default: required. */
  readonly kubernetes?: 'required' | 'optional';
  /** Finds subnets. Default: a client of the region by the SDK's own credentials. */
  readonly ec2?: EC2Client;
  /** For tests. */
  readonly timing?: Partial<Timing>;
}
