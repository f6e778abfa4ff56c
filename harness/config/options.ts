import { FAULTS } from '../../faults/index.ts';

/** One option of the command line. The same table drives parser, help, config file, environment and the print-out. */
export interface OptionSpec {
  /** Kebab case, without dashes; also the key in the config file. */
  readonly name: string;
  readonly kind: 'flag' | 'text' | 'number' | 'list' | 'choice';
  readonly choices?: readonly string[];
  readonly placeholder?: string;
  readonly default?: string | number | boolean;
  /** Default with `--cluster eks`, where it is another. */
  readonly eksDefault?: number;
  /** Clusters that heed it. Default: all. */
  readonly clusters?: readonly ('embedded' | 'kind' | 'eks')[];
  readonly minimum?: number;
  readonly maximum?: number;
  readonly help: string;
  /** Only on the command line: neither config file nor environment. */
  readonly commandLineOnly?: boolean;
}

export const OPTIONS = [
  {
    name: 'cluster',
    kind: 'choice',
    choices: ['embedded', 'kind', 'eks'],
    default: 'embedded',
    help: 'where Kubernetes is',
  },
  {
    name: 'kind-image',
    clusters: ['kind'],
    kind: 'text',
    placeholder: 'IMAGE',
    help: 'kind: node image (default: the kindest/node that the installed kind pins)',
  },
  {
    name: 'agent-image',
    clusters: ['kind', 'eks'],
    kind: 'text',
    placeholder: 'IMAGE',
    help: 'kind, eks: image of the Pod Identity agent (default: the reference agent; on EKS the add-on)',
  },
  {
    name: 'webhook-image',
    clusters: ['kind'],
    kind: 'text',
    placeholder: 'IMAGE',
    help: 'kind: image of the Pod Identity webhook (default: the reference webhook)',
  },
  {
    name: 'workload-image',
    clusters: ['kind', 'eks'],
    kind: 'text',
    placeholder: 'IMAGE',
    help: 'kind, eks: image of the probe program (default: built from this package; on EKS it must be given)',
  },
  {
    name: 'image-base',
    clusters: ['kind'],
    kind: 'text',
    placeholder: 'IMAGE',
    help: 'kind: what the reference images are built from (see docs/kind.md)',
  },
  {
    name: 'agent-args',
    clusters: ['kind', 'eks'],
    kind: 'list',
    placeholder: 'FLAG',
    help: "kind, eks: further flag of the agent's server command (repeat, or a comma list)",
  },
  {
    name: 'kubeconfig',
    clusters: ['kind'],
    kind: 'text',
    placeholder: 'FILE',
    help: 'kind: use the cluster of this kubeconfig instead of making one, and leave it as it was',
  },
  {
    name: 'context',
    clusters: ['kind'],
    kind: 'text',
    placeholder: 'NAME',
    help: 'kind: use the cluster of this context (of --kubeconfig, KUBECONFIG or ~/.kube/config)',
  },
  {
    name: 'ready-timeout',
    clusters: ['kind', 'eks'],
    kind: 'number',
    placeholder: 'SECONDS',
    minimum: 1,
    maximum: 86_400,
    default: 300,
    eksDefault: 2700,
    help: 'kind, eks: longest time until a cluster is ready, in seconds (on EKS 2700 unless given)',
  },
  {
    name: 'cluster-name',
    clusters: ['eks'],
    kind: 'list',
    placeholder: 'NAME',
    help: 'eks: use this cluster instead of making one, and leave it as it was (twice for two clusters)',
  },
  {
    name: 'region',
    kind: 'text',
    placeholder: 'REGION',
    help: 'eks: region (default: that of AWS_REGION or the profile)',
  },
  {
    name: 'allow-account',
    kind: 'list',
    placeholder: 'ID',
    help: 'eks: account that may be used; those of other accounts are refused (needed for AWS itself)',
  },
  {
    name: 'aws-endpoint',
    kind: 'list',
    placeholder: 'URL',
    help: 'where S3, IAM, STS, EKS and EKS Auth are instead of AWS or the emulator: URL for all, SERVICE=URL for one',
  },
  {
    name: 's3-endpoint',
    clusters: ['embedded', 'kind'],
    kind: 'text',
    placeholder: 'URL',
    help: "embedded, kind: another S3 that holds the objects behind the emulator's authorization",
  },
  {
    name: 'other-account-role',
    clusters: ['eks'],
    kind: 'text',
    placeholder: 'ARN',
    help: 'eks: role of a second account for the harness to assume, for cross-account scenarios',
  },
  {
    name: 'permissions-boundary',
    clusters: ['eks'],
    kind: 'text',
    placeholder: 'ARN',
    help: 'eks: managed policy that bounds every role that the harness makes',
  },
  {
    name: 'kubernetes-version',
    clusters: ['eks'],
    kind: 'text',
    placeholder: 'VERSION',
    help: 'eks: such as 1.34 (default: that of EKS)',
  },
  {
    name: 'addon-version',
    clusters: ['eks'],
    kind: 'text',
    placeholder: 'VERSION',
    help: 'eks: version of the add-on eks-pod-identity-agent (default: that of EKS)',
  },
  {
    name: 'compute',
    clusters: ['eks'],
    kind: 'choice',
    choices: ['node-group', 'auto-mode'],
    default: 'node-group',
    help: 'eks: who brings the nodes of a cluster that is made',
  },
  {
    name: 'instance-type',
    clusters: ['eks'],
    kind: 'text',
    placeholder: 'TYPE',
    default: 'm6i.2xlarge',
    help: 'eks: of the nodes of a node group',
  },
  {
    name: 'nodes',
    clusters: ['eks'],
    kind: 'number',
    placeholder: 'N',
    minimum: 1,
    maximum: 100,
    default: 2,
    help: 'eks: nodes of a node group',
  },
  {
    name: 'subnet-ids',
    clusters: ['eks'],
    kind: 'list',
    placeholder: 'ID',
    help: 'eks: subnets of a cluster that is made (default: those tagged for EKS in one VPC)',
  },
  {
    name: 'cluster-role-arn',
    clusters: ['eks'],
    kind: 'text',
    placeholder: 'ARN',
    help: 'eks: role of a cluster that is made (default: a role of the run)',
  },
  {
    name: 'node-role-arn',
    clusters: ['eks'],
    kind: 'text',
    placeholder: 'ARN',
    help: 'eks: role of the nodes of a cluster that is made (default: a role of the run)',
  },
  {
    name: 'admin-principal-arn',
    clusters: ['eks'],
    kind: 'text',
    placeholder: 'ARN',
    help: 'eks: principal who is made an administrator of a cluster that is made, by an access entry',
  },
  {
    name: 'expires',
    clusters: ['eks'],
    kind: 'number',
    placeholder: 'HOURS',
    minimum: 1,
    maximum: 168,
    default: 6,
    help: 'eks: after how many hours sweep may delete what the run left',
  },
  { name: 'suite', kind: 'list', placeholder: 'NAME', help: 'run this suite (repeat, or a comma list)' },
  { name: 'scenario', kind: 'list', placeholder: 'ID', help: 'run this scenario (repeat, or a comma list)' },
  { name: 'grep', kind: 'text', placeholder: 'REGEX', help: 'run scenarios whose id or title matches' },
  { name: 'grep-invert', kind: 'text', placeholder: 'REGEX', help: 'leave out scenarios whose id or title matches' },
  { name: 'suites-dir', kind: 'list', placeholder: 'DIR', help: 'also load the suites in this folder' },
  { name: 'list', kind: 'flag', commandLineOnly: true, help: 'list the selected scenarios and stop' },
  {
    name: 'plan',
    kind: 'flag',
    commandLineOnly: true,
    help: 'say what would be created and which outcome each probe must have, and stop',
  },
  {
    name: 'profile',
    kind: 'choice',
    choices: ['default', 'soak'],
    default: 'default',
    help: 'soak: run the scenarios that wait for minutes too',
  },
  {
    name: 'parallel',
    kind: 'number',
    placeholder: 'N',
    minimum: 1,
    default: 16,
    eksDefault: 64,
    help: 'scenarios under way at once (on EKS 64 unless given)',
  },
  {
    name: 'timeout',
    kind: 'number',
    placeholder: 'SECONDS',
    minimum: 1,
    // A day; timers end at 2^31 milliseconds, and fire at once beyond.
    maximum: 86_400,
    default: 60,
    eksDefault: 300,
    help: 'longest time for one scenario, in seconds (on EKS 300 unless given)',
  },
  {
    name: 'retries',
    kind: 'number',
    placeholder: 'N',
    minimum: 0,
    // Names of a scenario's things have one digit for the attempt.
    maximum: 8,
    default: 1,
    help: 'tries again after an environment error (never after a verdict)',
  },
  {
    name: 'max-failures',
    kind: 'number',
    placeholder: 'N',
    minimum: 0,
    default: 0,
    help: 'stop after N scenarios that failed (0: never)',
  },
  {
    name: 'keep',
    kind: 'choice',
    choices: ['never', 'on-failure', 'always'],
    default: 'never',
    help: 'keep clusters and fixtures after the run, until Ctrl-C',
  },
  { name: 'report-dir', kind: 'text', placeholder: 'DIR', help: 'where reports go (default: reports/<run id>)' },
  {
    name: 'fault',
    clusters: ['embedded', 'kind'],
    kind: 'list',
    placeholder: 'NAME',
    help: 'turn a defect on, to see that a suite notices it',
  },
  { name: 'list-faults', kind: 'flag', commandLineOnly: true, help: 'list the faults and stop' },
  {
    name: 'seed',
    clusters: ['embedded', 'kind'],
    kind: 'text',
    placeholder: 'TEXT',
    default: '0',
    help: 'seed of ids that need not be secret',
  },
  { name: 'pass-with-no-scenarios', kind: 'flag', help: 'exit 0 when nothing is selected' },
  { name: 'quiet', kind: 'flag', help: 'print failures and the summary alone' },
  { name: 'verbose', kind: 'flag', help: 'print every probe, and stack traces of errors' },
  { name: 'no-color', kind: 'flag', help: 'no colour (NO_COLOR is honoured too)' },
  { name: 'config', kind: 'text', placeholder: 'FILE', commandLineOnly: true, help: 'JSON or YAML file with options' },
  { name: 'version', kind: 'flag', commandLineOnly: true, help: 'print the version and stop' },
  { name: 'help', kind: 'flag', commandLineOnly: true, help: 'print this and stop' },
] as const satisfies readonly OptionSpec[];

export type OptionName = (typeof OPTIONS)[number]['name'];

/** Names of the faults that `--fault` takes. */
export const FAULT_NAMES: readonly string[] = FAULTS.map((fault) => fault.name);

/** Environment variable of an option: `CONFORMANCE_REPORT_DIR`. */
export function environmentName(option: string): string {
  return `CONFORMANCE_${option.toUpperCase().replaceAll('-', '_')}`;
}

/** The text of `--help`. */
export function helpText(): string {
  const rows = (OPTIONS as readonly OptionSpec[]).map((option) => {
    const value =
      option.kind === 'choice'
        ? ` ${option.choices?.join('|')}`
        : option.placeholder === undefined
          ? ''
          : ` ${option.placeholder}`;
    const preset = option.default === undefined ? '' : ` (default ${option.default})`;
    return [`  --${option.name}${value}`, `${option.help}${preset}`] as const;
  });
  const width = Math.max(...rows.map(([left]) => left.length));
  return [
    'Usage: npm run conformance -- [flags]',
    '',
    'Runs conformance scenarios of EKS Pod Identity and IRSA and reports whether access is granted or denied, and why.',
    '',
    'Flags:',
    ...rows.map(([left, right]) => `${left.padEnd(width)}  ${right}`),
    '',
    'A flag wins over its environment variable (CONFORMANCE_<FLAG>), which wins over the config file.',
    'Exit codes: 0 all as expected; 1 a subject does not conform; 2 wrong usage or configuration;',
    '3 the environment failed or a verdict is inconclusive; 130 interrupted.',
    '',
  ].join('\n');
}
