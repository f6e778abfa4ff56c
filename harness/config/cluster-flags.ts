import { endpointUrl, parseEndpoints } from '../aws/endpoints.ts';
import type { Configuration, OptionValue } from './configuration.ts';
import { OPTIONS, type OptionName, type OptionSpec } from './options.ts';
import { HarnessError } from '../../foundation/errors.ts';

/** Options of clusters that a run makes: nothing of a cluster that exists is changed. */
const OF_NEW_CLUSTERS: readonly OptionName[] = [
  'kubernetes-version',
  'compute',
  'instance-type',
  'nodes',
  'subnet-ids',
  'cluster-role-arn',
  'node-role-arn',
  'admin-principal-arn',
];
/** Options that Auto Mode leaves no room for: it brings its own nodes, with the agent. */
const OF_NODE_GROUPS: readonly OptionName[] = ['instance-type', 'nodes', 'addon-version', 'agent-image', 'agent-args'];

/**
 * What values look like where AWS would refuse others only after the first things are made (AWS General Reference, "Amazon
 * Resource Names"; EKS API Reference, "CreateCluster", `name` and `version`). Not whether they exist.
 */
const FORMS: readonly { readonly name: OptionName; readonly form: RegExp; readonly expected: string }[] = [
  {
    name: 'cluster-name',
    form: /^[0-9A-Za-z][\w-]{0,99}$/,
    expected: 'give a name of at most 100 letters, digits, dashes and underscores',
  },
  { name: 'kubernetes-version', form: /^\d+\.\d+$/, expected: 'give one such as 1.34' },
  {
    name: 'subnet-ids',
    form: /^subnet-[0-9A-Za-z]+$/,
    expected: 'give ids of subnets, such as subnet-0123456789abcdef0, separated by commas',
  },
  ...(['cluster-role-arn', 'node-role-arn'] as const).map((name) => ({
    name,
    form: /^arn:[\w-]+:iam::\d{12}:role\/.+$/,
    expected: 'give the ARN of a role, such as arn:aws:iam::111122223333:role/example',
  })),
  {
    name: 'admin-principal-arn',
    form: /^arn:[\w-]+:iam::\d{12}:(role|user)\/.+$/,
    expected: 'give the ARN of a role or user, such as arn:aws:iam::111122223333:role/example',
  },
  {
    name: 'permissions-boundary',
    form: /^arn:[\w-]+:iam::(\d{12}|aws):policy\/.+$/,
    expected: 'give the ARN of a managed policy, such as arn:aws:iam::111122223333:policy/example',
  },
];

/**
 * Refuses flags that the cluster would not heed: a run that leaves out the agent that it was told to judge must not pass.
 * Those of the environment and of a config file may be there for other runs. Throws `HarnessError` BAD_FLAG_VALUE.
 */
export function checkClusterFlags(configuration: Configuration): void {
  const cluster = configuration.text('cluster') ?? 'embedded';
  const flagged = (name: string): boolean => configuration.values.get(name as OptionName)?.origin === 'flag';
  for (const { name, clusters } of OPTIONS as readonly OptionSpec[]) {
    if (!flagged(name) || clusters === undefined || (clusters as readonly string[]).includes(cluster)) continue;
    throw new HarnessError(
      'BAD_FLAG_VALUE',
      `--${name} is for ${clusters.join(' and ')} clusters, and this run uses --cluster ${cluster}: add --cluster ${clusters[0]}, or leave --${name} out.`,
    );
  }
  const endpoints = parseEndpoints(configuration.list('aws-endpoint'), cluster);
  const s3Endpoint = configuration.text('s3-endpoint');
  if (s3Endpoint !== undefined) {
    endpointUrl(s3Endpoint, s3Endpoint, 's3-endpoint');
    if (endpoints.s3 !== undefined)
      throw new HarnessError(
        'BAD_FLAG_VALUE',
        `--s3-endpoint ${s3Endpoint} and --aws-endpoint ${endpoints.s3} name two places for S3: leave one of them out.`,
      );
  }
  if (cluster === 'eks') checkEksFlags(configuration, flagged);
  else if (Object.keys(endpoints).length === 0) {
    const name = ['region', 'allow-account'].find(flagged);
    if (name !== undefined)
      throw new HarnessError(
        'BAD_FLAG_VALUE',
        `--${name} would not be heeded: --cluster ${cluster} uses the harness' own emulator. Add --cluster eks or --aws-endpoint, or leave --${name} out.`,
      );
  }
}

function checkEksFlags(configuration: Configuration, flagged: (name: string) => boolean): void {
  checkForms(configuration);
  const names = configuration.list('cluster-name');
  if (names.length > 2)
    throw new HarnessError(
      'BAD_FLAG_VALUE',
      `--cluster-name is given ${names.length} times (${names.join(', ')}): a run uses one cluster or two.`,
    );
  if (new Set(names).size < names.length)
    throw new HarnessError('BAD_FLAG_VALUE', `--cluster-name names ${names[0]} twice: give two clusters, or one.`);
  refuse(
    OF_NEW_CLUSTERS,
    names.length > 0,
    `--cluster-name ${names.join(',')} uses what exists, and changes nothing of it`,
  );
  refuse(
    OF_NODE_GROUPS,
    names.length === 0 && configuration.text('compute') === 'auto-mode',
    '--compute auto-mode brings its own nodes, with the agent on them',
  );
  refuse(
    ['addon-version'],
    configuration.text('agent-image') !== undefined,
    '--agent-image takes the place of the add-on',
  );
  refuse(
    ['agent-args'],
    configuration.text('agent-image') === undefined,
    "the add-on's agent has arguments of its own, and --agent-image is not given",
  );

  function refuse(options: readonly OptionName[], applies: boolean, why: string): void {
    const name = applies ? options.find(flagged) : undefined;
    if (name === undefined) return;
    const value: OptionValue = configuration.values.get(name)?.value;
    throw new HarnessError('BAD_FLAG_VALUE', `--${name} ${String(value)} would not be heeded: ${why}. Leave it out.`);
  }
}

/** Of values from the environment and the config file too: they are used. */
function checkForms(configuration: Configuration): void {
  for (const { name, form, expected } of FORMS) {
    const value = configuration.values.get(name)?.value;
    const values = Array.isArray(value) ? (value as readonly string[]) : typeof value === 'string' ? [value] : [];
    const bad = values.find((text) => !form.test(text));
    if (bad !== undefined) throw new HarnessError('BAD_FLAG_VALUE', `--${name} is "${bad}": ${expected}.`);
  }
}
