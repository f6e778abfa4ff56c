import {
  option,
  withFields,
  type Conflict,
  type OptionSpec,
  type OptionValues,
} from '../../foundation/node/options.ts';
import {
  AGENT_ARGS,
  AGENT_CHART,
  AGENT_IMAGE,
  AUTO_MODE,
  NOT_IN_RUNNER,
  ONLY_IN_RUNNER,
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

const EXISTING: Conflict = { with: ['cluster-name'], because: 'an existing cluster is used without changing it' };
const NODE_GROUP = { conflicts: [AUTO_MODE] } as const;

export const EKS_OPTIONS: readonly OptionSpec[] = [
  AGENT_IMAGE,
  WORKLOAD_IMAGE,
  AGENT_ARGS,
  AGENT_CHART,
  READY_TIMEOUT,
  ...RUNNER_OPTIONS,
  option.text('runner-role ARN', "with --in-cluster: the runner's IAM role, through IRSA", {
    ...ONLY_IN_RUNNER,
    form: ROLE,
  }),
  option.flag('print-manifest', 'print the manifest of --in-cluster for `kubectl apply -f -` and exit', {
    commandLineOnly: true,
    exits: true,
    outside: true,
    conflicts: [{ without: ['runner-image'] }],
  }),
  option.list('cluster-name NAME', 'use and restore this existing cluster (repeat for a second cluster)', {
    outside: true,
    // EKS API Reference, "CreateCluster", `name`.
    form: {
      pattern: /^[0-9A-Za-z][\w-]{0,99}$/,
      expected: 'give a name of at most 100 letters, digits, dashes and underscores',
    },
  }),
  option.text('service-account-dir DIR', 'access --cluster-name with the token and ca.crt in this folder', {
    conflicts: [
      ...NOT_IN_RUNNER.conflicts,
      { without: ['cluster-name'], because: "a pod's service account is only valid in its own cluster" },
    ],
  }),
  option.text('addon-version VERSION', "install this version of the agent add-on (default: EKS's choice)", {
    conflicts: [AUTO_MODE, { with: ['agent-image'], because: 'it replaces the add-on' }].map((one) => ({
      ...one,
      always: true,
    })),
  }),
  ...withFields({ conflicts: [EXISTING] }, [
    option.text('kubernetes-version VERSION', "create clusters of this version, such as 1.34 (default: EKS's choice)", {
      form: { pattern: /^\d+\.\d+$/, expected: 'give a version such as 1.34' },
    }),
    option.choice('compute', ['node-group', 'auto-mode'], 'create nodes with a node group or with Auto Mode', {
      default: 'node-group',
    }),
    option.text('instance-type TYPE', 'create nodes of this type', { ...NODE_GROUP, default: 'm6i.2xlarge' }),
    option.number('nodes N', 'create this many nodes', { ...NODE_GROUP, minimum: 1, maximum: 100, default: 2 }),
    option.list('subnet-ids ID', 'create clusters in these subnets (default: the subnets tagged for EKS)', {
      form: {
        pattern: /^subnet-[0-9A-Za-z]+$/,
        expected: 'give subnet ids such as subnet-0123456789abcdef0, separated by commas',
      },
    }),
    option.text('cluster-role-arn ARN', 'create clusters with this role (default: a new role)', { form: ROLE }),
    option.text('node-role-arn ARN', 'create nodes with this role (default: a new role)', { form: ROLE }),
    option.text('admin-principal-arn ARN', 'make this principal an administrator of created clusters', {
      form: {
        pattern: /^arn:[\w-]+:iam::\d{12}:(role|user)\/.+$/,
        expected: 'give the ARN of a role or user, such as arn:aws:iam::111122223333:role/example',
      },
    }),
  ]),
];

/** Rejects existing clusters that a run cannot use. Throws `HarnessError` BAD_FLAG_VALUE. */
export function checkEksOptions(options: OptionValues): void {
  const names = options.list('cluster-name');
  if (names.length > 2)
    throw badFlagValue(
      `--cluster-name is given ${names.length} times (${names.join(', ')}). A run uses one or two clusters.`,
    );
  if (new Set(names).size < names.length)
    throw badFlagValue(`--cluster-name names ${names[0]} twice. Name two different clusters, or one.`);
  const inside = options.flag('in-cluster') || options.flag('print-manifest');
  if (inside && (names.length !== 1 || options.text('workload-image') === undefined))
    throw badFlagValue(
      "--in-cluster requires the runner's cluster and the image of its pods. Add one --cluster-name and --workload-image.",
    );
  if (names.length > 1 && options.values.get('service-account-dir')?.origin === 'flag')
    throw badFlagValue(
      `--service-account-dir is for one cluster, but --cluster-name names ${names.join(' and ')}. Leave one of them out.`,
    );
}
