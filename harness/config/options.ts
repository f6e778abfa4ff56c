import type { ClusterType } from '../../clusters/cluster-type.ts';
import { CLUSTER_TYPES } from '../../clusters/registry.ts';
import { FAULTS } from '../../faults/index.ts';
import { HarnessError } from '../../foundation/errors.ts';
import type { OptionSpec } from '../../foundation/options.ts';
import { nearest } from '../../foundation/nearest.ts';
import { variableOf } from './read-options.ts';

/** An option of a run, and which clusters take it. */
export interface RunOption extends OptionSpec {
  /** Types of clusters that take it. Default: all. */
  readonly clusters?: readonly string[];
}

/** Options that no type of clusters has of its own. `aws`: those that make clusters there take it, and no others. */
const COMMON: readonly (OptionSpec & { readonly aws?: ClusterType['aws'] })[] = [
  {
    name: 'region',
    kind: 'text',
    placeholder: 'REGION',
    help: 'region, where AWS is not the emulator (default: that of AWS_REGION or the profile)',
  },
  {
    name: 'allow-account',
    kind: 'list',
    placeholder: 'ID',
    help: 'account that may be used; those of other accounts are refused (needed for AWS itself)',
  },
  {
    name: 'aws-endpoint',
    kind: 'list',
    placeholder: 'URL',
    help: 'where S3, IAM, STS, EKS and EKS Auth are instead of AWS or the emulator: URL for all, SERVICE=URL for one',
  },
  {
    name: 's3-endpoint',
    aws: 'emulator',
    kind: 'text',
    placeholder: 'URL',
    help: "another S3 that holds the objects behind the emulator's authorization",
  },
  {
    name: 'other-account-role',
    aws: 'account',
    kind: 'text',
    placeholder: 'ARN',
    help: 'role of a second account for the harness to assume, for cross-account scenarios',
  },
  {
    name: 'permissions-boundary',
    aws: 'account',
    kind: 'text',
    placeholder: 'ARN',
    help: 'managed policy that bounds every role that the harness makes',
    form: {
      pattern: /^arn:[\w-]+:iam::(\d{12}|aws):policy\/.+$/,
      expected: 'give the ARN of a managed policy, such as arn:aws:iam::111122223333:policy/example',
    },
  },
  {
    name: 'expires',
    aws: 'account',
    kind: 'number',
    placeholder: 'HOURS',
    minimum: 1,
    maximum: 168,
    default: 6,
    help: 'after how many hours sweep may delete what the run left',
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
    // More than there are scenarios, and still fewer connections than a process may open.
    maximum: 1000,
    default: 16,
    help: 'scenarios under way at once',
  },
  {
    name: 'timeout',
    kind: 'number',
    placeholder: 'SECONDS',
    minimum: 1,
    // A day; timers end at 2^31 milliseconds, and fire at once beyond.
    maximum: 86_400,
    default: 60,
    help: 'longest time for one scenario, in seconds',
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
    name: 'reporter',
    kind: 'list',
    placeholder: 'NAME|FILE',
    help: 'terminal, junit, fidelity, annotations, one of mocha such as spec, or a module of your own (repeat, or a comma list)',
  },
  {
    name: 'fault',
    aws: 'emulator',
    kind: 'list',
    placeholder: 'NAME',
    help: 'turn a defect on, to see that a suite notices it',
  },
  { name: 'list-faults', kind: 'flag', commandLineOnly: true, help: 'list the faults and stop' },
  {
    name: 'seed',
    aws: 'emulator',
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
];

/** The options of a run that may use these types of clusters. */
export function optionsOf(types: readonly ClusterType[]): readonly RunOption[] {
  const [preset] = types;
  const own = [...new Set(types.flatMap(({ options }) => options))];
  const names = [...own, ...COMMON].map(({ name }) => name);
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined) throw new Error(`There are two options --${twice}: types of clusters share one alone.`);
  const namesOf = (takes: (type: ClusterType) => boolean): string[] => types.filter(takes).map(({ name }) => name);
  const described = (option: OptionSpec, clusters?: readonly string[]): RunOption => {
    const prefix = clusters === undefined ? '' : `${clusters.join(', ')}: `;
    const presets = types.flatMap(({ name, defaults }) => {
      const value = defaults?.[option.name];
      return value === undefined ? [] : ` (${value} with --cluster ${name})`;
    });
    return { ...option, ...(clusters && { clusters }), help: [prefix, option.help, ...presets].join('') };
  };
  return [
    {
      name: 'cluster',
      kind: 'choice',
      choices: namesOf(() => true),
      ...(preset && { default: preset.name }),
      help: 'where Kubernetes is',
    },
    ...own.map((option) =>
      described(
        option,
        namesOf(({ options }) => options.includes(option)),
      ),
    ),
    ...COMMON.map(({ aws, ...option }) => described(option, aws && namesOf((type) => type.aws === aws))),
  ];
}

/** The options of a run. */
export const OPTIONS: readonly RunOption[] = optionsOf(CLUSTER_TYPES);

/** Names of the faults that `--fault` takes. */
export const FAULT_NAMES: readonly string[] = FAULTS.map((fault) => fault.name);

/** The keys of `--s3-endpoint`, which no flag takes: command lines can be read by others. */
const KEY_VARIABLES = ['CONFORMANCE_S3_ACCESS_KEY_ID', 'CONFORMANCE_S3_SECRET_ACCESS_KEY'];

/** Refuses variables that nothing reads, which are misspelt most often. Throws `HarnessError` UNKNOWN_FLAG. */
export function checkVariables(
  environment: Readonly<Record<string, string | undefined>>,
  options: readonly OptionSpec[] = OPTIONS,
): void {
  const known = [
    ...options.filter(({ commandLineOnly }) => !commandLineOnly).map(({ name }) => variableOf(name)),
    ...KEY_VARIABLES,
  ];
  for (const [name, value] of Object.entries(environment)) {
    if (!name.startsWith('CONFORMANCE_') || !value || known.includes(name)) continue;
    const near = nearest(name, known);
    throw new HarnessError(
      'UNKNOWN_FLAG',
      `Environment variable ${name} is not one that this command reads: ${near === undefined ? 'unset it.' : `did you mean ${near}?`}`,
    );
  }
}
