import { textsOf, type OptionValues } from '../../foundation/node/options.ts';
import type { AgentVersion } from '../../components/agent/options.ts';
import { chartOf } from '../shared-options.ts';
import type { Timing } from './timing.ts';

/** Where EKS clusters come from and what runs on them. */
export interface EksOptions {
  /** Id of the run. */
  readonly run: string;
  /** Image reference of the workload program, as nodes can pull it. */
  readonly workloadImage: string;
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
  /** Roles that exist; default: roles of the run, deleted with the cluster. */
  readonly clusterRoleArn?: string;
  readonly nodeRoleArn?: string;
  /** A further administrator. */
  readonly adminPrincipalArn?: string;
  /** A candidate of the agent, installed in place of the add-on. */
  readonly agentImage?: string;
  /** Further flags of the candidate's `server` command. */
  readonly agentArgs: readonly string[];
  /** Whose chart it is installed by. Default 0.1. */
  readonly agentChart?: AgentVersion;
  /** URL of EKS Auth as the candidate reaches it. Default: the region's. */
  readonly eksAuthEndpoint?: string;
  /** Folder of the service account by which the API server is reached. Default: by EKS' own tokens. */
  readonly serviceAccount?: string;
  /** `optional`: a cluster without an API server is taken as well, without the capability `kubernetes`. Default: required. */
  readonly kubernetes?: 'required' | 'optional';
  /** For tests. */
  readonly timing?: Partial<Timing>;
}

/** The options that say which clusters a run uses. */
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
