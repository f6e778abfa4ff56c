import type { ClusterType } from '../../clusters/interface/cluster-type.ts';
import { CLUSTER_TYPES } from '../../clusters/registry.ts';
import { NOT_IN_RUNNER } from '../../clusters/interface/shared-options.ts';
import { SERVICE_PRINCIPAL, option, withFields, type OptionSpec } from '../../foundation/node/options.ts';
import { RUN_ID } from '../../foundation/node/journal.ts';
import { SMALL_LOAD } from '../scenario/load-size.ts';
import { PROFILES } from '../scenario/profiles.ts';

interface CommonOption extends OptionSpec {
  /** Only cluster types with this kind of AWS support the option. */
  readonly aws?: ClusterType['aws'];
}

/** Commands that select scenarios. */
const SELECTING = ['list', 'plan', 'loosen'] as const;
const WITH_SUITES = [...SELECTING, 'no-new-access'] as const;
const STOPS = { commandLineOnly: true, exits: true } as const;
const ONLY_RUN = { commands: [] } as const;
const OUTSIDE = { outside: true } as const;
/** Conflict of options about AWS, if all of AWS is the emulator. */
const NEEDS_AWS = {
  conflicts: [
    {
      without: [
        ...CLUSTER_TYPES.filter(({ aws }) => aws === 'account').map(({ name }) => `cluster=${name}`),
        'aws-endpoint',
      ],
      because: "the run uses the harness' own emulator",
    },
  ],
} as const;

/** Options that no cluster type defines. */
const COMMON: readonly CommonOption[] = [
  ...withFields({ topic: 'aws', commands: ['plan'] }, [
    option.text('region REGION', 'use this region (default: from AWS_REGION or the profile)', NEEDS_AWS),
    option.list('allow-account ID', 'allow this AWS account and refuse others (required on AWS)', NEEDS_AWS),
    option.list('aws-endpoint URL', 'send AWS calls to this URL instead (SERVICE=URL for one service)'),
    option.list('service-principal NAME', "accept this service principal in the emulator's trust policies", {
      ...NOT_IN_RUNNER,
      aws: 'emulator',
      form: SERVICE_PRINCIPAL,
    }),
    option.text('other-account-role ARN', 'assume this role of a second account in cross-account scenarios', {
      aws: 'account',
    }),
    option.text('permissions-boundary ARN', 'attach this managed policy as boundary to every created role', {
      aws: 'account',
      form: {
        pattern: /^arn:[\w-]+:iam::(\d{12}|aws):policy\/.+$/,
        expected: 'give the ARN of a managed policy, such as arn:aws:iam::111122223333:policy/example',
      },
    }),
    option.number('expires HOURS', 'let sweep delete leftover resources after this many hours', {
      aws: 'account',
      minimum: 1,
      maximum: 168,
      default: 6,
    }),
  ]),
  ...withFields({ topic: 'select', commands: SELECTING }, [
    option.list(
      'scope NAME',
      'run the suites of this scope: identity, agent, webhook, client, aws, kubernetes or all (default: the first three)',
      { brief: true },
    ),
    option.list('suite NAME', 'run this suite (repeatable, or comma-separated)', { brief: true }),
    option.list('scenario ID', 'run this scenario (repeatable, or comma-separated)', { brief: true }),
    option.text('grep REGEX', 'run scenarios whose id, title, keywords or probes match', { brief: true }),
    option.text('grep-invert REGEX', 'skip scenarios whose id, title, keywords or probes match'),
    option.flag('last-failed', 'run the scenarios that did not pass in the latest run', {
      ...NOT_IN_RUNNER,
      brief: true,
    }),
    option.text('shard I/N', 'run part I of N of the selected scenarios, for `merge` (docs/ci.md)', {
      ...NOT_IN_RUNNER,
      form: { pattern: /^[1-9]\d{0,2}\/[1-9]\d{0,2}$/, expected: 'give a shard and the number of shards, such as 1/4' },
    }),
    option.text('times FILE', 'balance shards by the durations in these results (default: the latest unsharded run)', {
      conflicts: [...NOT_IN_RUNNER.conflicts, { without: ['shard'] }],
    }),
    option.list('suites-dir DIR', 'load your own suites from this folder too', {
      ...NOT_IN_RUNNER,
      brief: true,
      commands: WITH_SUITES,
    }),
    option.choice('profile', Object.keys(PROFILES), 'choose the size of the run (docs/command-line.md)', {
      default: 'full',
    }),
    option.flag('pass-with-no-scenarios', 'exit 0 if no scenario is selected', OUTSIDE),
    option.flag('list', 'list the selected scenarios and exit', { ...STOPS, ...ONLY_RUN, brief: true }),
    option.flag('plan', 'print what the run would create and what each probe expects, and exit', {
      ...STOPS,
      ...ONLY_RUN,
      brief: true,
      conflicts: [{ with: ['--list'] }],
    }),
  ]),
  ...withFields({ topic: 'clients' }, [
    option.list(
      'client NAME[@VERSION]',
      'run probes with this client, or with "all", instead of the AWS SDK for JavaScript (repeatable, or comma-separated)',
      { ...NOT_IN_RUNNER, commands: SELECTING, brief: true },
    ),
    option.flag('list-clients', 'list the clients and exit', STOPS),
  ]),
  ...withFields({ topic: 'run' }, [
    option.flag('watch', 'rerun scenarios when a suite or a policy file changes, until Ctrl-C', {
      commandLineOnly: true,
      conflicts: [
        ...NOT_IN_RUNNER.conflicts,
        { without: ['suites-dir'], because: 'it reruns only your own suites' },
        { with: ['--shard', '--repeat-each', '--last-failed', '--max-failures', '--keep', '--record'] },
      ],
    }),
    option.number('parallel N', 'run this many scenarios at once', {
      minimum: 1,
      // More than the number of scenarios, and below a process's limit of connections.
      maximum: 1000,
      default: 16,
    }),
    option.text('shuffle SEED', 'start scenarios in random order by this seed, or in reverse order ("reverse")'),
    option.number('timeout SECONDS', 'stop a scenario after this many seconds', {
      minimum: 1,
      // One day. Timers overflow at 2^31 milliseconds and fire at once.
      maximum: 86_400,
      default: 60,
    }),
    option.number('retries N', 'retry a scenario after an environment error (never after a verdict)', {
      minimum: 0,
      // Resource names have one digit for the attempt.
      maximum: 8,
      default: 1,
    }),
    option.number('repeat-each N', 'run each scenario N times and report those whose verdicts differ', {
      minimum: 1,
      maximum: 1000,
      default: 1,
    }),
    option.number('max-failures N', 'stop after N failed scenarios (0: never)', { minimum: 0, default: 0 }),
    option.choice('keep', ['never', 'on-failure', 'always'], 'keep clusters and fixtures after the run, until Ctrl-C', {
      ...NOT_IN_RUNNER,
      default: 'never',
    }),
    option.text('run-id ID', 'use this run id in all names (default: a random one)', {
      ...OUTSIDE,
      form: { pattern: RUN_ID, expected: 'give a c and six hexadecimal digits, such as c1a2b3d' },
    }),
    option.number('load-pods N', 'start this many pods in each scenario of suite load', {
      commands: SELECTING,
      minimum: 2,
      maximum: 100_000,
      default: SMALL_LOAD.pods,
    }),
    option.number('load-service-accounts N', 'use this many service accounts for the load pods, each with a role', {
      commands: SELECTING,
      minimum: 2,
      // By default, an AWS account can have 1,000 roles.
      maximum: 1000,
      default: SMALL_LOAD.serviceAccounts,
    }),
    option.number('load-parallelism N', 'run this many load pods at once', {
      commands: SELECTING,
      minimum: 2,
      maximum: 100_000,
      default: SMALL_LOAD.parallelism,
    }),
    option.list('fault NAME', 'enable this fault, to see a suite detect it', { ...NOT_IN_RUNNER, aws: 'emulator' }),
    option.flag('list-faults', 'list the faults and exit', STOPS),
    option.text('seed TEXT', 'derive non-secret ids from this seed', { aws: 'emulator', default: '0' }),
  ]),
  ...withFields({ topic: 'report' }, [
    option.text('report-dir DIR', 'write reports to this folder (default: reports/<run id>)', {
      ...OUTSIDE,
      commands: ['loosen'],
      brief: true,
    }),
    option.list(
      'reporter NAME|FILE',
      'report with terminal, list, dot, jsonl, junit, html, fidelity, github, a mocha reporter such as spec, or your own module (repeatable, or comma-separated)',
      OUTSIDE,
    ),
    option.flag('policy-coverage', "report which statements of the suites' policies are tested (own suites: always)"),
    option.number('min-policy-coverage N', 'exit 1 if less than N percent of statements and conditions are tested', {
      minimum: 0,
      maximum: 100,
    }),
    option.text('gate FILE', 'read known failures and their end dates from this file (docs/ci.md)', NOT_IN_RUNNER),
    option.text('record FILE', 'record how AWS answers where the emulator guesses (docs/eks.md)', NOT_IN_RUNNER),
    option.flag('quiet', 'print only failures and the summary', {
      ...OUTSIDE,
      commands: ['loosen'],
      brief: true,
      conflicts: [{ with: ['--verbose'] }],
    }),
    option.flag('verbose', 'print every probe, and stack traces of errors', { ...OUTSIDE, commands: WITH_SUITES }),
    option.flag('no-color', 'print without color (NO_COLOR works too)', OUTSIDE),
  ]),
  option.text('config FILE', 'read options from this JSON or YAML file', {
    ...OUTSIDE,
    commandLineOnly: true,
    commands: WITH_SUITES,
  }),
  option.flag('version', 'print the version and exit', STOPS),
  option.flag('help', 'print this help and exit; --help TOPIC prints the flags of a topic', {
    ...STOPS,
    commands: WITH_SUITES,
    short: 'h',
  }),
];

export function optionsOf(types: readonly ClusterType[]): readonly OptionSpec[] {
  const [preset] = types;
  const typeOptions = [...new Set(types.flatMap(({ options }) => options))];
  const names = namesOf([...typeOptions, ...COMMON]);
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined) throw new Error(`Two options are named --${twice}: cluster types must share one object.`);
  const described = (option: OptionSpec, takes?: (type: ClusterType) => boolean): OptionSpec => {
    const clusters = takes && namesOf(types.filter(takes));
    const prefix = clusters === undefined ? '' : `${clusters.join(', ')}: `;
    const presets = types.flatMap(({ name, defaults }) => {
      const value = defaults?.[option.name];
      return value === undefined ? [] : ` (${value} with --cluster ${name})`;
    });
    return { ...option, ...(clusters && { clusters }), help: [prefix, option.help, ...presets].join('') };
  };
  return [
    option.choice('cluster', namesOf(types), 'run on clusters of this type', {
      ...OUTSIDE,
      commands: ['plan'],
      ...(preset && { default: preset.name }),
    }),
    ...typeOptions.map((option) =>
      described({ commands: ['plan'], ...option }, ({ options }) => options.includes(option)),
    ),
    ...COMMON.map(({ aws, ...option }) => described(option, aws && ((type) => type.aws === aws))),
  ];
}

const namesOf = (all: readonly { readonly name: string }[]): string[] => all.map(({ name }) => name);

export const OPTIONS: readonly OptionSpec[] = optionsOf(CLUSTER_TYPES);
