import { option, type OptionSpec, type OptionValues } from '../../foundation/node/options.ts';
import {
  AGENT_ARGS,
  AGENT_CHART,
  AGENT_IMAGE,
  READY_TIMEOUT,
  RUNNER_OPTIONS,
  WORKLOAD_IMAGE,
} from '../interface/shared-options.ts';
import { badFlagValue } from '../../foundation/node/errors.ts';

/** AWS General Reference, "Amazon Resource Names". */
const ROLE = {
  pattern: /^arn:[\w-]+:iam::\d{12}:role\/.+$/,
  expected: 'give the ARN of a role, such as arn:aws:iam::111122223333:role/example',
} as const;

/** Options of new clusters; a run does not change existing ones. */
const NEW_CLUSTER_SPECS: readonly OptionSpec[] = [
  option.text('kubernetes-version VERSION', "create clusters of this version, such as 1.34 (default: EKS's choice)", {
    form: { pattern: /^\d+\.\d+$/, expected: 'give a version such as 1.34' },
  }),
  option.choice('compute', ['node-group', 'auto-mode'], 'create nodes with a node group or with Auto Mode', {
    default: 'node-group',
  }),
  option.text('instance-type TYPE', 'create nodes of this type', { default: 'm6i.2xlarge' }),
  option.number('nodes N', 'create this many nodes', { minimum: 1, maximum: 100, default: 2 }),
  option.list('subnet-ids ID', 'create clusters in these subnets (default: the subnets tagged for EKS)', {
    form: {
      pattern: /^subnet-[0-9A-Za-z]+$/,
      expected: 'give subnet ids such as subnet-0123456789abcdef0, separated by commas',
    },
  }),
  option.text('cluster-role-arn ARN', 'create clusters with this role (default: a new role)', { form: ROLE }),
  option.text('node-role-arn ARN', 'create nodes with this role (default: a new role)', {
    form: ROLE,
  }),
  option.text('admin-principal-arn ARN', 'make this principal an administrator of created clusters', {
    form: {
      pattern: /^arn:[\w-]+:iam::\d{12}:(role|user)\/.+$/,
      expected: 'give the ARN of a role or user, such as arn:aws:iam::111122223333:role/example',
    },
  }),
];

const NEW_CLUSTER_OPTIONS: readonly string[] = NEW_CLUSTER_SPECS.map(({ name }) => name);

export const EKS_OPTIONS: readonly OptionSpec[] = [
  AGENT_IMAGE,
  WORKLOAD_IMAGE,
  AGENT_ARGS,
  AGENT_CHART,
  READY_TIMEOUT,
  ...RUNNER_OPTIONS,
  option.text('runner-role ARN', "with --in-cluster: the runner's IAM role, through IRSA", {
    form: ROLE,
  }),
  option.flag('print-manifest', 'print the manifest of --in-cluster for `kubectl apply -f -` and exit', {
    commandLineOnly: true,
  }),
  option.list('cluster-name NAME', 'use and restore this existing cluster (repeat for a second cluster)', {
    // EKS API Reference, "CreateCluster", `name`.
    form: {
      pattern: /^[0-9A-Za-z][\w-]{0,99}$/,
      expected: 'give a name of at most 100 letters, digits, dashes and underscores',
    },
  }),
  option.text('service-account-dir DIR', 'access --cluster-name with the token and ca.crt in this folder'),
  option.text('addon-version VERSION', "install this version of the agent add-on (default: EKS's choice)"),
  ...NEW_CLUSTER_SPECS,
];

/** Options without effect in Auto Mode, which provides nodes and agent. */
const NODE_GROUP_OPTIONS: readonly string[] = [
  'instance-type',
  'nodes',
  'addon-version',
  'agent-image',
  'agent-args',
  'agent-chart',
];
/** Options that select the agent under test. They must never be ignored. */
const AGENT_OPTIONS: readonly string[] = ['addon-version', 'agent-image'];

/**
 * Rejects flags without effect, because a run must not pass without testing the requested agent. Variables and config files
 * may set most of them for other runs. Throws `HarnessError` BAD_FLAG_VALUE.
 */
export function checkEksOptions(options: OptionValues): void {
  const names = options.list('cluster-name');
  if (names.length > 2)
    throw badFlagValue(
      `--cluster-name is given ${names.length} times (${names.join(', ')}). A run uses one or two clusters.`,
    );
  if (new Set(names).size < names.length)
    throw badFlagValue(`--cluster-name names ${names[0]} twice. Name two different clusters, or one.`);
  const refuse = (ineffective: readonly string[], applies: boolean, why: string): void => {
    const name = applies ? ineffective.find((option) => isGiven(option, options)) : undefined;
    if (name === undefined) return;
    throw badFlagValue(`--${name} ${String(options.values.get(name)?.value)} has no effect: ${why}. Leave it out.`);
  };
  const inside = options.flag('in-cluster') || options.flag('print-manifest');
  if (inside && (names.length !== 1 || options.text('workload-image') === undefined))
    throw badFlagValue(
      "--in-cluster requires the runner's cluster and the image of its pods. Add one --cluster-name and --workload-image.",
    );
  refuse(['kubeconfig', 'context'], !inside, 'EKS clusters are accessed with tokens for the AWS credentials');
  const agentImage = options.text('agent-image');
  refuse(
    ['service-account-dir'],
    names.length !== 1,
    "a pod's service account is only valid in its own cluster, which --cluster-name must name",
  );
  refuse(
    NEW_CLUSTER_OPTIONS,
    names.length > 0,
    `--cluster-name ${names.join(',')} uses an existing cluster without changing it`,
  );
  refuse(
    NODE_GROUP_OPTIONS,
    names.length === 0 && options.text('compute') === 'auto-mode',
    '--compute auto-mode provides its own nodes and agent',
  );
  refuse(['addon-version'], agentImage !== undefined, '--agent-image replaces the add-on');
  refuse(
    ['agent-args', 'agent-chart'],
    agentImage === undefined,
    'it requires --agent-image, because the add-on determines its own arguments and chart',
  );
}

function isGiven(option: string, { values }: OptionValues): boolean {
  const origin = values.get(option)?.origin;
  return origin === 'flag' || (AGENT_OPTIONS.includes(option) && origin !== 'default');
}
