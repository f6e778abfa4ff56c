import { text as textOf } from 'node:stream/consumers';
import { badFlagValue, EXIT } from '../../foundation/node/errors.ts';
import type { Io } from '../../foundation/node/io.ts';
import { option, textsOf, withFields, type OptionSpec } from '../../foundation/node/options.ts';
import type { AccessRequest } from '../../doctor/access/access.ts';
import type { AccessAnswer } from '../../doctor/access/answer.ts';
import type { DenialReport } from '../../doctor/access/denial.ts';
import type { Asker } from '../../doctor/access/session.ts';
import type { ClusterFacts } from '../../doctor/facts/cluster-facts.ts';
import type { ClusterSnapshot, Snapshot } from '../../doctor/snapshot/snapshot.ts';
import type { GivenOptions } from '../../harness/config/read-options.ts';
import type { Command } from './command.ts';
import { formatOption, json, NO_COLOR, print, type Formats } from './formats.ts';
import { asksForRights, clusterOptions, printRights, RIGHTS, snapshotOf, withOrganization } from './live-cluster.ts';

/** Options that ask policies of files instead of a cluster. */
const FILES = ['terraform', 'template', 'manifest', 'trust'] as const;
const CONTEXT = option.text('context NAME', 'read the cluster of this context (default: the current one)');

const FORMATS: Formats<AccessAnswer> = {
  terminal: async (answer, { paint, width }) =>
    (await import('../../doctor/access/text.ts')).answerText(answer, paint, width),
  json,
};

interface Who {
  readonly request: AccessRequest;
  readonly answers: readonly AccessAnswer[];
}
const WHO_FORMATS: Formats<Who> = {
  terminal: async ({ answers, request }, { paint, width }) =>
    (await import('../../doctor/access/text.ts')).whoText(answers, request, paint, width),
  json: ({ answers, request }) => json({ ...request, answers }),
};

/** Options of the request, and of the rights that its answer needs. */
const REQUEST: readonly OptionSpec[] = [
  option.list('condition KEY=VALUE', 'a condition key of the request; without VALUE, it is absent (repeatable)'),
  option.text('bucket POLICY', 'the bucket policy: a file, or an address in the plan, or none'),
  option.text('account ID', 'the account of the bucket, and of the role in files (default: of the cluster)', {
    form: { pattern: /^\d{12}$/, expected: 'give 12 digits' },
  }),
  ...RIGHTS,
  NO_COLOR,
];

const CAN_WHO: Command = {
  name: 'can who',
  summary: 'list the service accounts of a cluster that may do something in AWS',
  about: "List the service accounts that may do ACTION on RESOURCE, by the live policies of a cluster's account.",
  operands: { usage: 'ACTION RESOURCE', least: 2, most: 2 },
  options: [...clusterOptions(CONTEXT), formatOption(WHO_FORMATS), ...REQUEST],
  remarks: `Exit codes: 0 a service account may; 1 none may; 2 wrong usage, or an unusable cluster, file or credentials; 3 unknown,
because a policy that decides was not read, or a condition key is not known; 130 interrupted.`,
  async run(given, io) {
    if (asksForRights(given)) return printRights(given, io, { forCan: true });
    const [action = '', resource = ''] = given.words;
    return ask(given, io, { action, resource }, undefined, async (facts, request) => {
      const answers = (await import('../../doctor/access/answer.ts')).whoCan(facts, request);
      await print({ answers, request }, WHO_FORMATS, given, io);
      return answers;
    });
  },
};

const EXPLAIN_FORMATS: Formats<DenialReport> = {
  terminal: async (report, { paint, width }) =>
    (await import('../../doctor/access/text.ts')).denialText(report, paint, width),
  json,
};

/** Any of these continues to the policies of a cluster, so that none is ignored. */
const EXPLAINED_BY = clusterOptions(CONTEXT);

const CAN_EXPLAIN: Command = {
  name: 'can explain',
  summary: "explain AWS's message about a denied request",
  about: `Explain a message with AccessDenied, AccessDeniedException or "is not authorized to perform": who asked for what, which policy
denied it, and where to look. TEXT may be a line of a log; without TEXT, it is read from standard input. With a flag of a cluster,
such as --context or --from, the policies of its account are asked about the request too.`,
  operands: { usage: '[TEXT]', least: 0 },
  options: [...EXPLAINED_BY, formatOption(EXPLAIN_FORMATS), ...RIGHTS, NO_COLOR],
  remarks: `Exit codes: 0 the message was read, or the policies of the cluster allow the request now; 1 they deny it; 2 wrong usage, or a
text without such a message; 3 the message or the cluster does not say enough; 130 interrupted.`,
  async run(given, io) {
    if (asksForRights(given)) return printRights(given, io, { forCan: true });
    const [{ readDenialMessage }, { explainDenial }, { ClusterFacts }] = await Promise.all([
      import('../../identity/policy/denial-message.ts'),
      import('../../doctor/access/denial.ts'),
      import('../../doctor/facts/cluster-facts.ts'),
    ]);
    const text = given.words.length === 0 ? await textOf(process.stdin) : given.words.join(' ');
    const message = readDenialMessage(text);
    if (message === undefined)
      throw badFlagValue(
        'The text has no message about a denied request. Give one with AccessDenied or "is not authorized to perform".',
      );
    const isLive = EXPLAINED_BY.some(({ name }) => given.values.get(name)?.origin === 'flag');
    const access = { resources: message.resource === undefined ? [] : [message.resource] };
    const { snapshot, signal } = isLive ? await snapshotOf(given, io, 'Stopping.', { access }) : {};
    if (signal?.aborted) return EXIT.interrupted;
    const report = explainDenial(message, snapshot && new ClusterFacts(snapshot.clusters[0]!));
    await print(report, EXPLAIN_FORMATS, given, io);
    const values = new Set(report.answers?.map(({ value }) => value));
    if (report.answers === undefined) return message.action === undefined ? EXIT.environment : EXIT.conforms;
    if (values.has('denied')) return EXIT.doesNotConform;
    return values.has('unknown') || values.size === 0 || report.isLeftOut ? EXIT.environment : EXIT.conforms;
  },
};

export const CAN: Command = {
  name: 'can',
  summary: 'say whether a service account may do something in AWS, and why',
  question: 'whether one service account may make one request, by a live cluster or by policy files',
  about: `Say whether the pods of a service account may do ACTION on RESOURCE, by the live policies of a cluster's account: how the
service account gets its role, the trust policies, and the policies of role and bucket, explained statement by statement.
With --terraform, --template, --manifest or --trust, ask files.`,
  operands: { usage: 'NAMESPACE/SERVICEACCOUNT ACTION RESOURCE', least: 2, most: 3 },
  subcommands: [CAN_WHO, CAN_EXPLAIN],
  options: [
    option.flag('who', 'do the same as the subcommand who'),
    option.text('namespace NAME', 'the namespace of the service account, also -n NAME', { short: 'n' }),
    option.text('service-account NAME', 'the service account, instead of the first word'),
    option.text('pod NAME', 'ask for this pod of the service account (default: a new pod)', {
      conflicts: [{ with: FILES }],
    }),
    ...clusterOptions(CONTEXT, ['from'], FILES),
    ...withFields({ conflicts: [{ with: ['from'] }] }, [
      option.text('terraform FILE', 'ask the output of "terraform show -json" instead of a cluster', {
        conflicts: [{ with: ['template'] }],
      }),
      option.text('template FILE', 'ask a template of CloudFormation or CDK instead of a cluster'),
      option.list(
        'manifest FILE',
        'ask manifests of Kubernetes, - for standard input (repeatable, or comma-separated)',
      ),
      option.text('trust FILE', 'ask this trust policy of a role instead of a cluster'),
    ]),
    ...withFields({ conflicts: [{ without: FILES }] }, [
      option.text(
        'role ADDRESS',
        "the role's address or logical id, for --assume-association (default: the only role)",
      ),
      option.list('value NAME=VALUE', "the value of a template's reference (repeatable)"),
      option.list('permissions FILE', 'a permissions policy of the role (repeatable, or comma-separated)'),
      option.text('boundary FILE', 'the permissions boundary of the role'),
      option.flag('assume-association', 'ask as if the files had an association or annotation with the role'),
    ]),
    formatOption(FORMATS),
    ...REQUEST,
  ],
  remarks: `Exit codes: 0 allowed; 1 denied; 2 wrong usage, or an unusable cluster, file or credentials; 3 unknown, because a policy that
decides was not read, also of the organization, or a condition key is not known; 130 interrupted.`,
  async run(given, io) {
    if (asksForRights(given)) return printRights(given, io, { forCan: true });
    const { asker, action, resource } = questionOf(given);
    return ask(given, io, { action, resource }, asker, async (facts, request) => {
      const answer = (await import('../../doctor/access/answer.ts')).answerOf(facts, asker, request);
      await print(answer, FORMATS, given, io);
      return [answer];
    });
  },
};

/** Asks about a request, and returns the exit code. `asker`: the service account, or undefined for all. */
async function ask(
  given: GivenOptions,
  io: Io,
  { action, resource }: { readonly action: string; readonly resource: string },
  asker: Asker | undefined,
  answer: (facts: ClusterFacts, request: AccessRequest) => Promise<readonly AccessAnswer[]>,
): Promise<number> {
  const [{ requestProblem }, { actionsOfOperation }] = await Promise.all([
    import('../../identity/policy/actions.ts'),
    import('../../identity/policy/operations.ts'),
  ]);
  const [authorizing = action, another] = actionsOfOperation(action) ?? [];
  const isOperation = authorizing !== action && another === undefined;
  if (isOperation) io.stderr.write(`${action} needs ${authorizing}.\n`);
  const request = {
    action: isOperation ? authorizing : action,
    resource,
    conditions: pairs('condition', given.list('condition')),
  };
  const problem = requestProblem(request.action, resource);
  if (problem !== undefined) throw badFlagValue(problem);
  const { snapshot, isInterrupted } = await read(given, io, request, asker);
  if (isInterrupted) return EXIT.interrupted;
  const { ClusterFacts } = await import('../../doctor/facts/cluster-facts.ts');
  const answers = await answer(new ClusterFacts(await withBucket(snapshot.clusters[0]!, given, request)), request);
  if (answers.some(({ value }) => value === 'unknown')) return EXIT.environment;
  const isAllowed = ({ value, some = value }: AccessAnswer): boolean =>
    (asker === undefined ? some : value) === 'allowed';
  return answers.some(isAllowed) ? EXIT.conforms : EXIT.doesNotConform;
}

/** Adds the policy of --bucket to the snapshot. */
async function withBucket(
  cluster: ClusterSnapshot,
  given: GivenOptions,
  { resource }: AccessRequest,
): Promise<ClusterSnapshot> {
  const [policy, account] = [given.text('bucket'), given.text('account')];
  const [{ bucketOf }, { policyText, withBucketPolicy }] = await Promise.all([
    import('../../doctor/snapshot/aws.ts'),
    import('../../doctor/access/files.ts'),
  ]);
  const name = bucketOf(resource);
  if (policy === undefined || name === undefined || isAboutFiles(given)) return cluster;
  return withBucketPolicy(cluster, name, account ?? cluster.aws?.accountId ?? '', policyText(policy));
}

const isAboutFiles = ({ values }: GivenOptions): boolean => FILES.some((name) => values.get(name)?.value !== undefined);

function questionOf({ words, text }: GivenOptions) {
  const [named, inNamespace, pod] = [text('service-account'), text('namespace'), text('pod')];
  const [first = '', action = '', resource, extra] = [...(named === undefined ? [] : [named]), ...words];
  if (resource === undefined || extra !== undefined)
    throw badFlagValue(
      `Give ${named === undefined ? 'NAMESPACE/SERVICEACCOUNT, ' : ''}ACTION and RESOURCE, not ${words.length} arguments.`,
    );
  if (inNamespace !== undefined && first.includes('/'))
    throw badFlagValue(
      `"${first}" names a namespace, so --namespace ${inNamespace} has no effect: leave one of them out.`,
    );
  const account = inNamespace === undefined ? first : `${inNamespace}/${first}`;
  const [namespace = '', serviceAccount = '', more] = account.split('/');
  if (namespace === '' || serviceAccount === '' || more !== undefined)
    throw badFlagValue(`"${account}" is not a namespace and service account. Use a value such as payments/ledger.`);
  return { asker: { namespace, serviceAccount, ...(pod !== undefined && { pod }) }, action, resource };
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

/** Reads policy files, a saved file, or the cluster. Throws `HarnessError` and `ClusterError`. */
async function read(
  given: GivenOptions,
  io: Io,
  { resource }: AccessRequest,
  asker: Asker | undefined,
): Promise<{ snapshot: Snapshot; isInterrupted: boolean }> {
  if (asker === undefined || !isAboutFiles(given)) {
    const access = {
      resources: [resource],
      ...(asker && { subject: { namespace: asker.namespace, serviceAccount: asker.serviceAccount } }),
    };
    const { snapshot, signal } = await snapshotOf(given, io, 'Stopping.', { access });
    return { snapshot, isInterrupted: signal?.aborted === true };
  }
  const [{ bucketOf }, { snapshotOfFiles }] = await Promise.all([
    import('../../doctor/snapshot/aws.ts'),
    import('../../doctor/access/files.ts'),
  ]);
  const files = {
    ...textsOf(given, {
      role: 'role',
      trust: 'trust',
      boundary: 'boundary',
      bucket: 'bucket',
      region: 'region',
      accountId: 'account',
    }),
    ...textsOf(given, {
      clusterName: 'cluster-name',
      deployment: given.text('terraform') === undefined ? 'template' : 'terraform',
    }),
    ...(given.text('template') !== undefined && { format: 'template' as const }),
    manifests: given.list('manifest'),
    permissions: given.list('permissions'),
    values: pairs('value', given.list('value')),
    isAssumed: given.flag('assume-association'),
  };
  const cluster = snapshotOfFiles(files, asker, bucketOf(resource));
  return { snapshot: await withOrganization({ version: 1, clusters: [cluster] }, given), isInterrupted: false };
}
