import type { ClusterType } from '../../clusters/cluster-type.ts';
import { CLUSTER_TYPES } from '../../clusters/registry.ts';
import { HarnessError } from '../../foundation/node/errors.ts';
import { SERVICE_PRINCIPAL, option, type OptionSpec } from '../../foundation/node/options.ts';
import { RUN_ID } from '../../foundation/node/journal.ts';
import { nearest } from '../../foundation/node/nearest.ts';
import { SMALL_LOAD } from '../scenario/load-size.ts';
import { PROFILES } from '../scenario/profiles.ts';
import { variableOf } from './read-options.ts';

export interface RunOption extends OptionSpec {
  readonly clusters?: readonly string[];
}

/** Options that no type of clusters defines. `aws`: only those that make clusters there take it. */
const COMMON: readonly (OptionSpec & { readonly aws?: ClusterType['aws'] })[] = [
  option.text('region REGION', 'region, where AWS is not the emulator (default: that of AWS_REGION or the profile)'),
  option.list(
    'allow-account ID',
    'account that may be used; those of other accounts are refused (needed for AWS itself)',
  ),
  option.list(
    'aws-endpoint URL',
    'where S3, IAM, STS, EKS and EKS Auth are instead of AWS or the emulator: URL for all, SERVICE=URL for one',
  ),
  option.text('s3-endpoint URL', "another S3 that holds the objects behind the emulator's authorization", {
    aws: 'emulator',
  }),
  option.list(
    'service-principal NAME',
    "service principal that the emulator's IAM takes in trust policies beside those it knows",
    { aws: 'emulator', form: SERVICE_PRINCIPAL },
  ),
  option.text(
    'other-account-role ARN',
    'role of a second account for the harness to assume, for cross-account scenarios',
    { aws: 'account' },
  ),
  option.text('permissions-boundary ARN', 'managed policy that bounds every role that the harness makes', {
    aws: 'account',
    form: {
      pattern: /^arn:[\w-]+:iam::(\d{12}|aws):policy\/.+$/,
      expected: 'give the ARN of a managed policy, such as arn:aws:iam::111122223333:policy/example',
    },
  }),
  option.number('expires HOURS', 'after how many hours sweep may delete what the run left', {
    aws: 'account',
    minimum: 1,
    maximum: 168,
    default: 6,
  }),
  option.list(
    'scope NAME',
    'run the suites of this scope: identity, agent, webhook, client, aws, kubernetes or all (default: the first three)',
  ),
  option.list('suite NAME', 'run this suite (repeat, or a comma list)'),
  option.list('scenario ID', 'run this scenario (repeat, or a comma list)'),
  option.text('grep REGEX', 'run scenarios whose id, title, keywords or probes match'),
  option.text('grep-invert REGEX', 'leave out scenarios whose id, title, keywords or probes match'),
  option.flag('last-failed', 'run scenarios that the newest run in the report folder could not pass'),
  option.text('shard I/N', 'run the I-th of N parts of the selected scenarios, for `merge` (docs/parts.md)', {
    form: { pattern: /^[1-9]\d{0,2}\/[1-9]\d{0,2}$/, expected: 'give which shard of how many, such as 1/4' },
  }),
  option.text(
    'times FILE',
    'results by whose times shards are balanced (default: the newest whole run in the report folder)',
  ),
  option.list('suites-dir DIR', 'also load the suites in this folder'),
  option.list(
    'client NAME[@VERSION]',
    'run the scenarios with this client in place of the AWS SDK for JavaScript, or with "all" (repeat, or a comma list)',
  ),
  option.flag('list-clients', 'list the clients and stop', { commandLineOnly: true }),
  option.flag(
    'watch',
    'run scenarios again when a suite of --suites-dir or a policy file that it reads is edited, until Ctrl-C',
    {
      commandLineOnly: true,
    },
  ),
  option.flag('list', 'list the selected scenarios and stop', { commandLineOnly: true }),
  option.flag('plan', 'say what would be created and which outcome each probe must have, and stop', {
    commandLineOnly: true,
  }),
  option.choice('profile', Object.keys(PROFILES), 'which scenarios the run is about (docs/command-line.md)', {
    default: 'full',
  }),
  option.number('load-pods N', 'pods of each load of suite load', {
    minimum: 2,
    maximum: 100_000,
    default: SMALL_LOAD.pods,
  }),
  option.number('load-service-accounts N', 'service accounts over which these pods are spread, each with a role', {
    minimum: 2,
    // An account of AWS has at most 1,000 roles by default.
    maximum: 1000,
    default: SMALL_LOAD.serviceAccounts,
  }),
  option.number('load-parallelism N', 'pods of a load that run at once: others follow in waves', {
    minimum: 2,
    maximum: 100_000,
    default: SMALL_LOAD.parallelism,
  }),
  option.number('parallel N', 'scenarios under way at once', {
    minimum: 1,
    // More than there are scenarios, and fewer connections than a process may open.
    maximum: 1000,
    default: 16,
  }),
  option.text(
    'shuffle SEED',
    'start scenarios in the random order of this seed, or in reverse ("reverse"); reports keep the declared order',
  ),
  option.number('timeout SECONDS', 'longest time for one scenario, in seconds', {
    minimum: 1,
    // A day; timers overflow at 2^31 milliseconds and fire at once.
    maximum: 86_400,
    default: 60,
  }),
  option.number('retries N', 'tries again after an environment error (never after a verdict)', {
    minimum: 0,
    // Names have one digit for the attempt.
    maximum: 8,
    default: 1,
  }),
  option.number('repeat-each N', 'runs each scenario N times, and names those whose verdicts differ', {
    minimum: 1,
    maximum: 1000,
    default: 1,
  }),
  option.number('max-failures N', 'stop after N scenarios that failed (0: never)', { minimum: 0, default: 0 }),
  option.text('gate FILE', 'YAML or JSON file that says which scenarios may fail until when, and why (docs/gate.md)'),
  option.choice('keep', ['never', 'on-failure', 'always'], 'keep clusters and fixtures after the run, until Ctrl-C', {
    default: 'never',
  }),
  option.text('run-id ID', 'id of the run, which all that it makes carries (default: a random one)', {
    form: { pattern: RUN_ID, expected: 'give a c and six hexadecimal digits, such as c1a2b3d' },
  }),
  option.text('report-dir DIR', 'where reports go (default: reports/<run id>)'),
  option.list(
    'reporter NAME|FILE',
    'terminal, list, dot, jsonl, junit, html, fidelity, github, one of mocha such as spec, or a module of your own (repeat, or a comma list)',
  ),
  option.text('record FILE', 'write what AWS answered where the emulator guesses (docs/first-run.md)'),
  option.list('fault NAME', 'turn a defect on, to see that a suite notices it', { aws: 'emulator' }),
  option.flag('list-faults', 'list the faults and stop', { commandLineOnly: true }),
  option.text('seed TEXT', 'seed of ids that need not be secret', { aws: 'emulator', default: '0' }),
  option.flag('pass-with-no-scenarios', 'exit 0 when nothing is selected'),
  option.flag('quiet', 'print failures and the summary alone'),
  option.flag('verbose', 'print every probe, and stack traces of errors'),
  option.flag('no-color', 'no colour (NO_COLOR is honoured too)'),
  option.text('config FILE', 'JSON or YAML file with options', { commandLineOnly: true }),
  option.flag('version', 'print the version and stop', { commandLineOnly: true }),
  option.flag('help', 'print this and stop', { commandLineOnly: true }),
];

export function optionsOf(types: readonly ClusterType[]): readonly RunOption[] {
  const [preset] = types;
  const own = [...new Set(types.flatMap(({ options }) => options))];
  const names = namesOf([...own, ...COMMON]);
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined) throw new Error(`There are two options --${twice}: types of clusters share one alone.`);
  const described = (option: OptionSpec, takes?: (type: ClusterType) => boolean): RunOption => {
    const clusters = takes && namesOf(types.filter(takes));
    const prefix = clusters === undefined ? '' : `${clusters.join(', ')}: `;
    const presets = types.flatMap(({ name, defaults }) => {
      const value = defaults?.[option.name];
      return value === undefined ? [] : ` (${value} with --cluster ${name})`;
    });
    return { ...option, ...(clusters && { clusters }), help: [prefix, option.help, ...presets].join('') };
  };
  return [
    option.choice('cluster', namesOf(types), 'where Kubernetes is', { ...(preset && { default: preset.name }) }),
    ...own.map((option) => described(option, ({ options }) => options.includes(option))),
    ...COMMON.map(({ aws, ...option }) => described(option, aws && ((type) => type.aws === aws))),
  ];
}

const namesOf = (all: readonly { readonly name: string }[]): string[] => all.map(({ name }) => name);

export const OPTIONS: readonly RunOption[] = optionsOf(CLUSTER_TYPES);
/** The keys of `--s3-endpoint`. No flag takes them, as command lines are visible to others. */
const KEY_VARIABLES = ['CONFORMANCE_S3_ACCESS_KEY_ID', 'CONFORMANCE_S3_SECRET_ACCESS_KEY'];

/** Rejects unknown variables, which are mostly misspelt. Throws `HarnessError` UNKNOWN_FLAG. */
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
