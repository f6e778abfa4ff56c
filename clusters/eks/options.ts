import { textsOf, type OptionValues } from '../../foundation/node/options.ts';
import type { AgentVersion } from '../../components/agent/options.ts';
import { chartOf } from '../interface/shared-options.ts';
import type { Timing } from './timing.ts';

export interface EksOptions {
  readonly run: string;
  /** A reference that nodes can pull. */
  readonly workloadImage: string;
  /** Names of existing clusters for c1 and c2. Empty: create clusters. */
  readonly attach: readonly string[];
  readonly readyMilliseconds: number;
  /** For example `1.34`. Default: EKS's choice. */
  readonly kubernetesVersion?: string;
  /** For example `v1.3.10-eksbuild.2`. Default: EKS's choice. */
  readonly addonVersion?: string;
  readonly compute: 'node-group' | 'auto-mode';
  readonly instanceType: string;
  readonly nodes: number;
  /** Default: the tagged subnets of the only VPC that has them for EKS. */
  readonly subnetIds: readonly string[];
  /** Existing roles. Default: new roles, deleted with the cluster. */
  readonly clusterRoleArn?: string;
  readonly nodeRoleArn?: string;
  readonly adminPrincipalArn?: string;
  /** The image of a candidate agent, which replaces the add-on. */
  readonly agentImage?: string;
  /** Flags of the candidate's `server` command. */
  readonly agentArgs: readonly string[];
  /** Default 0.1. */
  readonly agentChart?: AgentVersion;
  /** URL of EKS Auth for the candidate. Default: the region's. */
  readonly eksAuthEndpoint?: string;
  /** The service account's folder, for access to the API server. Default: EKS's tokens. */
  readonly serviceAccount?: string;
  /** `optional`: clusters may lack an API server, and then the capability `kubernetes`. Default: required. */
  readonly kubernetes?: 'required' | 'optional';
  /** Delays, which tests shorten. */
  readonly timing?: Partial<Timing>;
}

export function eksOptionsOf(options: OptionValues): Omit<EksOptions, 'run' | 'workloadImage'> {
  return {
    attach: options.list('cluster-name'),
    readyMilliseconds: options.number('ready-timeout') * 1000,
    compute: options.text('compute') as EksOptions['compute'],
    instanceType: options.text('instance-type') ?? '',
    nodes: options.number('nodes'),
    subnetIds: options.list('subnet-ids'),
    agentArgs: options.list('agent-args'),
    agentChart: chartOf(options),
    ...textsOf(options, {
      kubernetesVersion: 'kubernetes-version',
      addonVersion: 'addon-version',
      clusterRoleArn: 'cluster-role-arn',
      nodeRoleArn: 'node-role-arn',
      adminPrincipalArn: 'admin-principal-arn',
      agentImage: 'agent-image',
      serviceAccount: 'service-account-dir',
    }),
  };
}
