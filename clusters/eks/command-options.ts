import { option, type OptionSpec } from '../../foundation/options.ts';
import { AGENT_ARGS, AGENT_CHART, AGENT_IMAGE, READY_TIMEOUT, WORKLOAD_IMAGE } from '../shared-options.ts';

/** Of roles (AWS General Reference, "Amazon Resource Names"). */
const ROLE = {
  pattern: /^arn:[\w-]+:iam::\d{12}:role\/.+$/,
  expected: 'give the ARN of a role, such as arn:aws:iam::111122223333:role/example',
} as const;

/** Options of clusters that a run makes: nothing of a cluster that exists is changed. */
const OF_NEW_CLUSTERS: readonly OptionSpec[] = [
  option.text('kubernetes-version VERSION', 'such as 1.34 (default: that of EKS)', {
    form: { pattern: /^\d+\.\d+$/, expected: 'give one such as 1.34' },
  }),
  option.choice('compute', ['node-group', 'auto-mode'], 'who brings the nodes of a cluster that is made', {
    default: 'node-group',
  }),
  option.text('instance-type TYPE', 'of the nodes of a node group', { default: 'm6i.2xlarge' }),
  option.number('nodes N', 'nodes of a node group', { minimum: 1, maximum: 100, default: 2 }),
  option.list('subnet-ids ID', 'subnets of a cluster that is made (default: those tagged for EKS in one VPC)', {
    form: {
      pattern: /^subnet-[0-9A-Za-z]+$/,
      expected: 'give ids of subnets, such as subnet-0123456789abcdef0, separated by commas',
    },
  }),
  option.text('cluster-role-arn ARN', 'role of a cluster that is made (default: a role of the run)', { form: ROLE }),
  option.text('node-role-arn ARN', 'role of the nodes of a cluster that is made (default: a role of the run)', {
    form: ROLE,
  }),
  option.text(
    'admin-principal-arn ARN',
    'principal who is made an administrator of a cluster that is made, by an access entry',
    {
      form: {
        pattern: /^arn:[\w-]+:iam::\d{12}:(role|user)\/.+$/,
        expected: 'give the ARN of a role or user, such as arn:aws:iam::111122223333:role/example',
      },
    },
  ),
];

/** Names of the options of clusters that a run makes. */
export const NEW_CLUSTER_OPTIONS: readonly string[] = OF_NEW_CLUSTERS.map(({ name }) => name);

export const EKS_OPTIONS: readonly OptionSpec[] = [
  AGENT_IMAGE,
  WORKLOAD_IMAGE,
  AGENT_ARGS,
  AGENT_CHART,
  READY_TIMEOUT,
  option.list(
    'cluster-name NAME',
    'use this cluster instead of making one, and leave it as it was (twice for two clusters)',
    {
      // EKS API Reference, "CreateCluster", `name`.
      form: {
        pattern: /^[0-9A-Za-z][\w-]{0,99}$/,
        expected: 'give a name of at most 100 letters, digits, dashes and underscores',
      },
    },
  ),
  option.text('addon-version VERSION', 'version of the add-on eks-pod-identity-agent (default: that of EKS)'),
  ...OF_NEW_CLUSTERS,
];
