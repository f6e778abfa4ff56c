import { badFlagValue, EXIT } from '../../foundation/node/errors.ts';
import type { Io } from '../../foundation/node/io.ts';
import { option, textsOf } from '../../foundation/node/options.ts';
import type { AccessRequest } from '../../doctor/access/access.ts';
import type { Asker } from '../../doctor/access/session.ts';
import type { ClusterSnapshot, Snapshot } from '../../doctor/snapshot/snapshot.ts';
import type { GivenOptions } from '../../harness/config/read-options.ts';
import { CLEAR } from '../../harness/report/live-region.ts';
import type { Command } from './command.ts';

/** Flags that only a live cluster uses, those that need a cluster or its snapshot, and those of policy files. */
const CONNECTION = ['kubeconfig', 'context', 'aws-endpoint', 'save'];
const READING = [...CONNECTION, 'pod', 'who'];
const FILES = [
  'terraform',
  'template',
  'manifest',
  'role',
  'value',
  'trust',
  'permissions',
  'boundary',
  'assume-association',
];

const ACCOUNT = { pattern: /^\d{12}$/, expected: 'give 12 digits' };

export const CAN: Command = {
  name: 'can',
  summary: 'say whether a service account may do something in AWS, and why',
  about: `Say whether the pods of a service account may do ACTION on RESOURCE, by the live policies of a cluster's account: how the
service account gets its role, the trust policies, and the policies of role and bucket, explained statement by statement.
With --who, list the service accounts that may. With --terraform, --template, --manifest or --trust, ask files.`,
  files: { usage: 'NAMESPACE/SERVICEACCOUNT ACTION RESOURCE, or --who ACTION RESOURCE', least: 0, most: 3 },
  options: [
    option.flag('who', 'list the service accounts of the cluster that may'),
    option.text('namespace NAME', 'the namespace of the service account, also -n NAME', { short: 'n' }),
    option.text('service-account NAME', 'the service account, instead of the first word'),
    option.text('pod NAME', 'ask for this pod of the service account (default: a new pod)'),
    option.list('condition KEY=VALUE', 'a condition key of the request; without VALUE, it is absent (repeatable)'),
    option.text('kubeconfig FILE', 'use this kubeconfig (default: $KUBECONFIG or ~/.kube/config)'),
    option.text('context NAME', 'read the cluster of this context (default: the current one)'),
    option.text('cluster-name NAME', "the cluster's name on EKS (default: from the context)"),
    option.text('region REGION', 'the AWS region (default: from the context, AWS_REGION or the profile)'),
    option.list('aws-endpoint URL', 'send calls to this URL instead of AWS (repeatable, or comma-separated)'),
    option.text('save FILE', 'write the snapshot to this file, without secrets'),
    option.text('from FILE', 'ask a saved file instead of a cluster'),
    option.text('terraform FILE', 'ask the output of "terraform show -json" instead of a cluster'),
    option.text('template FILE', 'ask a template of CloudFormation or CDK instead of a cluster'),
    option.list('manifest FILE', 'ask manifests of Kubernetes, - for standard input (repeatable, or comma-separated)'),
    option.text('role ADDRESS', "the role's address or logical id, for --assume-association (default: the only role)"),
    option.list('value NAME=VALUE', "the value of a template's reference (repeatable)"),
    option.text('trust FILE', 'ask this trust policy of a role instead of a cluster'),
    option.list('permissions FILE', 'a permissions policy of the role (repeatable, or comma-separated)'),
    option.text('boundary FILE', 'the permissions boundary of the role'),
    option.flag('assume-association', 'ask as if the files had an association or annotation with the role'),
    option.text('bucket POLICY', 'the bucket policy: a file, or an address in the plan, or none'),
    option.text('account ID', 'the account of the bucket, and of the role in files (default: of the cluster)', {
      form: ACCOUNT,
    }),
    option.choice('format', ['terminal', 'json'], 'print the answer in this form', { default: 'terminal' }),
    option.flag('print-policy', 'print the IAM policy that it needs, and exit'),
    option.flag('print-rbac', 'print the ClusterRole that it needs, and exit'),
    option.flag('no-color', 'print without colors'),
  ],
  remarks: `Exit codes: 0 allowed, or --who found someone; 1 denied, or nobody; 2 wrong usage, or an unusable cluster, file or
credentials; 3 unknown, because a policy that decides was not read, or a condition key is not known; 130 interrupted.`,
  async run(given, io) {
    if (given.flag('print-policy') || given.flag('print-rbac')) return printRights(given, io);
    const isWho = given.flag('who');
    const { asker, request } = questionOf(given, isWho);
    const { requestProblem, resourceForms } = await import('../../identity/policy/actions.ts');
    const problem = requestProblem(request.action, request.resource);
    if (problem !== undefined) throw badFlagValue(problem);
    if (isWho && /[*?]/.test(request.resource) && resourceForms(request.action)?.length !== 0)
      throw badFlagValue(
        `--who cannot answer for "${request.resource}", because a part of these resources may be allowed. Name one resource.`,
      );
    const { snapshot, isInterrupted } = await snapshotOf(given, asker, request, io);
    if (isInterrupted) return EXIT.interrupted;
    const [{ answerOf, whoCan }, { answerText, whoText }, text, { ClusterFacts }] = await Promise.all([
      import('../../doctor/access/answer.ts'),
      import('../../doctor/access/text.ts'),
      import('../../foundation/node/text.ts'),
      import('../../doctor/facts/cluster-facts.ts'),
    ]);
    const facts = new ClusterFacts(await withBucket(snapshot.clusters[0]!, given, request));
    const answers = isWho ? whoCan(facts, request) : [answerOf(facts, asker, request)];
    const paint = text.painter(text.wantsColor(io.stdout, given.flag('no-color'), io.environment));
    const width = text.widthOf(io.stdout, io.environment);
    if (given.text('format') === 'json')
      io.stdout.write(`${JSON.stringify(isWho ? { ...request, answers } : answers[0], undefined, 2)}\n`);
    else io.stdout.write(isWho ? whoText(answers, request, paint, width) : answerText(answers[0]!, paint, width));
    if (answers.some(({ value }) => value === 'unknown')) return EXIT.environment;
    return answers.some(({ value }) => value === 'allowed') ? EXIT.conforms : EXIT.doesNotConform;
  },
};

/** Adds the policy of --bucket to the snapshot. */
async function withBucket(
  cluster: ClusterSnapshot,
  given: GivenOptions,
  { resource }: AccessRequest,
): Promise<ClusterSnapshot> {
  const [policy, account, ...texts] = ['bucket', 'account', 'terraform', 'template', 'trust'].map(given.text);
  const files = [...texts, ...given.list('manifest')];
  const [{ bucketOf }, { policyText, withBucketPolicy }] = await Promise.all([
    import('../../doctor/snapshot/aws.ts'),
    import('../../doctor/access/files.ts'),
  ]);
  const name = bucketOf(resource);
  if (policy === undefined || name === undefined || files.some((file) => file !== undefined)) return cluster;
  return withBucketPolicy(cluster, name, account ?? cluster.aws?.accountId ?? '', policyText(policy));
}

async function printRights(given: GivenOptions, io: Io): Promise<number> {
  const { ALL_CALLS, clusterRole, policyDocument } = await import('../../doctor/collect/index.ts');
  const document = given.flag('print-policy') ? policyDocument(ALL_CALLS) : clusterRole();
  io.stdout.write(`${JSON.stringify(document, undefined, 2)}\n`);
  return EXIT.conforms;
}

function questionOf(
  { words, text, list }: GivenOptions,
  isWho: boolean,
): { readonly asker: Asker; readonly request: AccessRequest } {
  const [accountFlag, namespaceFlag] = [text('service-account'), text('namespace')];
  if (isWho && (accountFlag ?? namespaceFlag) !== undefined)
    throw badFlagValue('--namespace and --service-account have no effect with --who: leave them out.');
  const before = isWho ? ['/'] : accountFlag === undefined ? [] : [accountFlag];
  const [first = '', action = '', resource = ''] = [...before, ...words];
  const account = namespaceFlag === undefined || first.includes('/') ? first : `${namespaceFlag}/${first}`;
  const [namespace = '', serviceAccount = '', more] = account.split('/');
  if (!isWho && (namespace === '' || serviceAccount === '' || more !== undefined))
    throw badFlagValue(`"${account}" is not a namespace and service account. Use a value such as payments/ledger.`);
  const pod = text('pod');
  return {
    asker: { namespace, serviceAccount, ...(pod !== undefined && { pod }) },
    request: { action, resource, conditions: pairs('condition', list('condition')) },
  };
}

function pairs(flag: string, given: readonly string[]): Readonly<Record<string, string>> {
  return Object.fromEntries(
    given.map((pair) => {
      const [name = '', ...value] = pair.split('=');
      if (name === '' || value.length === 0) throw badFlagValue(`--${flag} is "${pair}". Use --${flag} NAME=VALUE.`);
      return [name, value.join('=')];
    }),
  );
}

/** Reads a saved file, policy files, or the cluster. Throws `HarnessError` and `ClusterError`. */
async function snapshotOf(
  given: GivenOptions,
  asker: Asker,
  request: AccessRequest,
  io: Io,
): Promise<{ snapshot: Snapshot; isInterrupted: boolean }> {
  const [from, terraform, template, trust] = ['from', 'terraform', 'template', 'trust'].map(given.text);
  const sources = [from, terraform ?? template ?? trust ?? given.list('manifest')[0]].filter(
    (one) => one !== undefined,
  );
  const idle = (from === undefined ? [] : CONNECTION).concat(
    sources.length > 0 && from === undefined ? READING : FILES,
  );
  const wrong = idle.find((name) => given.values.get(name)?.origin === 'flag');
  if (wrong !== undefined)
    throw badFlagValue(
      `--${wrong} has no effect ${sources.length > 0 && from === undefined ? 'with policy files' : 'without --terraform, --template, --manifest or --trust'}: leave it out.`,
    );
  const { readSnapshot, writeSnapshot } = await import('../../doctor/snapshot/file.ts');
  if (from !== undefined) return { snapshot: readSnapshot(from), isInterrupted: false };
  const { bucketOf } = await import('../../doctor/snapshot/aws.ts');
  if (sources.length > 0) {
    const { snapshotOfFiles } = await import('../../doctor/access/files.ts');
    const files = {
      ...textsOf(given, { role: 'role', trust: 'trust', boundary: 'boundary', bucket: 'bucket', region: 'region' }),
      ...textsOf(given, {
        clusterName: 'cluster-name',
        deployment: terraform === undefined ? 'template' : 'terraform',
      }),
      ...textsOf(given, { accountId: 'account' }),
      ...(template !== undefined && { format: 'template' as const }),
      manifests: given.list('manifest'),
      permissions: given.list('permissions'),
      values: pairs('value', given.list('value')),
      isAssumed: given.flag('assume-association'),
    };
    const cluster = snapshotOfFiles(files, asker, bucketOf(request.resource));
    return { snapshot: { version: 1, clusters: [cluster] }, isInterrupted: false };
  }
  const [{ collect }, { parseEndpoints }] = await Promise.all([
    import('../../doctor/collect/index.ts'),
    import('../../aws/endpoints.ts'),
  ]);
  const signal = io.interruption('Stopping.\n');
  const context = given.text('context');
  const progress = (line: string): void => {
    if (io.stderr.isTTY) io.stderr.write(`${CLEAR}${line}`);
  };
  const snapshot = await collect({
    ...textsOf(given, { kubeconfig: 'kubeconfig', clusterName: 'cluster-name', region: 'region' }),
    contexts: context === undefined ? [] : [context],
    endpoints: parseEndpoints(given.list('aws-endpoint'), 'account'),
    access: {
      resources: [request.resource],
      ...(!given.flag('who') && { subject: { namespace: asker.namespace, serviceAccount: asker.serviceAccount } }),
    },
    environment: io.environment,
    signal,
    progress,
  });
  progress('');
  const target = given.text('save');
  if (target !== undefined) writeSnapshot(target, snapshot);
  return { snapshot, isInterrupted: signal.aborted };
}
