import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { commandLine } from '../../foundation/node/command-line.ts';
import { badFlagValue, EXIT, HarnessError } from '../../foundation/node/errors.ts';
import type { Io } from '../../foundation/node/io.ts';
import { suggestion } from '../../foundation/node/nearest.ts';
import { option, textsOf } from '../../foundation/node/options.ts';
import type { Check } from '../../doctor/checks/check.ts';
import type { MigrationPlan } from '../../doctor/migration/plan.ts';
import type { DoctorReport } from '../../doctor/judge/report-schema.ts';
import type { FollowedPod, FoundPod } from '../../doctor/pod/follow.ts';
import type { Snapshot } from '../../doctor/snapshot/snapshot.ts';
import { CLEAR } from '../../harness/report/live-region.ts';
import type { GivenOptions } from '../../harness/config/read-options.ts';
import type { Command } from './command.ts';
import { packageVersion } from './run.ts';

/** Flags that only a reading of clusters uses. */
const READING = ['kubeconfig', 'context', 'cluster-name', 'region', 'aws-endpoint', 'kubernetes-only', 'save', 'demo'];
const FAIL_ON = ['error', 'warning', 'info', 'never'] as const;

const FORMATS = ['terminal', 'json', 'html', 'sarif'] as const;

export const DOCTOR: Command = {
  name: 'doctor',
  summary: 'find out why pods of a live cluster have no AWS identity, or the wrong one',
  about: `Read a cluster and its AWS account, and report what keeps pods from their AWS identity. It only reads, except with
--inside, and reads no Secret. Without AWS credentials, use --kubernetes-only.

With "migration", plan the change of service accounts from IRSA to Pod Identity, with its commands and their undo.
With "pod NAME", follow the way of one pod to its credentials, and say who it is; NAME may be "deployment/NAME". With the id of
a check, such as PID201, explain that check.`,
  files: { usage: '[migration | pod NAME | CHECK]', least: 0, most: 2 },
  options: [
    option.text('kubeconfig FILE', 'use this kubeconfig (default: $KUBECONFIG or ~/.kube/config)'),
    option.list('context NAME', 'read the cluster of this context (default: the current one; repeatable)'),
    option.text('namespace NAME', 'the namespace of the pod, also -n NAME', { default: 'default', short: 'n' }),
    option.text('cluster-name NAME', "the cluster's name on EKS (default: from the context)"),
    option.text('region REGION', 'the AWS region (default: from the context, AWS_REGION or the profile)'),
    option.list('aws-endpoint URL', 'send calls to this URL instead of AWS (repeatable, or comma-separated)'),
    option.flag(
      'inside',
      'with "pod": also run preflight in a Job like the pod, and delete it; the only flag that writes',
    ),
    option.text(
      'image IMAGE',
      'the image of this Job, with Node 20.19 or later (default: Node 22 of Amazon ECR Public)',
    ),
    option.flag('kubernetes-only', 'do not call AWS'),
    option.text('save FILE', 'write the snapshot to this file, without secrets'),
    option.text('from FILE', 'judge a saved file instead of a cluster'),
    option.list('check ID', 'make only this check, and fail if it cannot be made (repeatable, or comma-separated)'),
    option.choice('format', FORMATS, 'print the report in this form; html and sarif are not for migration', {
      default: 'terminal',
    }),
    option.choice('fail-on', FAIL_ON, 'exit with 1 for findings of this severity or a higher one', {
      default: 'error',
    }),
    option.text(
      'since FILE',
      'compare with this older report of --format json; the exit code counts new findings only',
    ),
    option.text('suppress FILE', 'accept the findings that this file lists with a reason and an end date'),
    option.flag('list', 'list the checks and exit'),
    option.flag('print-policy', 'print the IAM policy that it needs, and exit'),
    option.flag('print-rbac', 'print the ClusterRole that it needs, and exit'),
    option.flag('demo', 'make an embedded cluster with many problems, and report them'),
    option.flag('no-color', 'print without colors'),
  ],
  remarks: `Exit codes: 0 no finding at or above --fail-on, and everything was read; 1 such a finding, with --since a new one; 2 wrong
usage, or an unusable cluster, file or credentials; 3 the pod could not be judged, something was not read, a check of --check was not
made, or a migration lacks pods, service accounts or associations; 130 interrupted, after a report of the parts that were read.`,
  async run(given, io) {
    const { CHECKS } = await import('../../doctor/checks/index.ts');
    const [word = '', name] = given.words;
    if (given.flag('list')) return print(io, listOf(CHECKS));
    if (given.flag('print-policy') || given.flag('print-rbac')) return printRights(given, io);
    if (/^pid\d+$/i.test(word) && name === undefined) return print(io, await explanation(word, CHECKS));
    const isMigration = word === 'migration' && name === undefined;
    if (word !== '' && !isMigration && (word !== 'pod' || name === undefined))
      throw new HarnessError(
        'UNKNOWN_FLAG',
        `Unknown word "${word}": use "migration", "pod NAME" or the id of a check (${commandLine('doctor', '--list')}).`,
      );
    checkInside(given, name);
    const checks = chosen(CHECKS, given.list('check'));
    const format = given.text('format') ?? '';
    if (isMigration && /^(?:html|sarif)$/.test(format))
      throw badFlagValue(`--format is ${format}. With "migration", use terminal or json.`);
    const { snapshot, signal } = await snapshotOf(given, io, isMigration);
    if (isMigration) {
      const code = await planMigration(snapshot, given, io);
      return signal?.aborted ? EXIT.interrupted : code;
    }
    const judged = await (name === undefined
      ? diagnose(snapshot, checks, given, io)
      : followPod(snapshot, name, given, io, signal));
    return signal?.aborted ? EXIT.interrupted : judged;
  },
};

/** Throws `HarnessError` for flags that --inside contradicts or lacks. */
function checkInside({ flag, values, text }: GivenOptions, name: string | undefined): void {
  const reason = flag('inside')
    ? name === undefined
      ? '--inside needs a pod: use "pod NAME --inside".'
      : ['from', 'demo'].some((one) => values.get(one)?.origin === 'flag') &&
        '--inside needs the cluster of the pod: leave out --from and --demo.'
    : text('image') !== undefined && '--image has no effect without --inside: leave it out.';
  if (typeof reason === 'string') throw badFlagValue(reason);
}

const progressOf =
  ({ stderr }: Io) =>
  (line: string): void => {
    if (stderr.isTTY) stderr.write(`${CLEAR}${line}`);
  };

function print({ stdout }: Io, text: string): number {
  stdout.write(text);
  return EXIT.conforms;
}

const listOf = (checks: readonly Check[]): string =>
  checks.map(({ id, severity, title }) => `${id}  ${severity.padEnd(7)}  ${title}\n`).join('');

async function explanation(id: string, checks: readonly Check[]): Promise<string> {
  const check = chosen(checks, [id.toUpperCase()])[0]!;
  const { checkSection } = await import('../../doctor/checks/page.ts');
  return `${checkSection(check)}\n`;
}

function chosen(checks: readonly Check[], ids: readonly string[]): readonly Check[] {
  const known = checks.map(({ id }) => id as string);
  const unknown = ids.find((id) => !known.includes(id));
  if (unknown !== undefined)
    throw badFlagValue(
      `Unknown check "${unknown}": ${suggestion(unknown, known).replace('see --help', `see \`${commandLine('doctor', '--list')}\``)}`,
    );
  return ids.length === 0 ? checks : checks.filter(({ id }) => ids.includes(id));
}

async function printRights(given: GivenOptions, io: Io): Promise<number> {
  const [{ clusterRole, policyDocument }, { insideRole }] = await Promise.all([
    import('../../doctor/collect/index.ts'),
    import('../../doctor/inside/job.ts'),
  ]);
  const role = given.flag('inside') ? insideRole(given.text('namespace') ?? '') : clusterRole();
  const document = given.flag('print-policy') ? policyDocument() : role;
  return print(io, `${JSON.stringify(document, undefined, 2)}\n`);
}

/** Reads a saved file, or the clusters. Throws `HarnessError` and `ClusterError`. */
async function snapshotOf(
  given: GivenOptions,
  io: Io,
  policies = false,
): Promise<{ snapshot: Snapshot; signal?: AbortSignal }> {
  const { readSnapshot, writeSnapshot } = await import('../../doctor/snapshot/file.ts');
  const file = given.text('from');
  const flags =
    file !== undefined
      ? READING
      : given.flag('demo')
        ? READING.filter((name) => name !== 'save' && name !== 'demo')
        : [];
  const idle = flags.find((name) => given.values.get(name)?.origin === 'flag');
  if (idle !== undefined)
    throw badFlagValue(`--${idle} has no effect with --${file === undefined ? 'demo' : 'from'}: leave it out.`);
  if (file !== undefined) return { snapshot: readSnapshot(file) };
  const { collect } = await import('../../doctor/collect/index.ts');
  const signal = io.interruption('Stopping. The report covers the parts that were read.\n');
  const progress = progressOf(io);
  let snapshot: Snapshot;
  if (given.flag('demo')) {
    progress('making an embedded cluster with many problems');
    const { withDemo } = await import('./doctor-demo.ts');
    snapshot = await withDemo(signal, (options) => collect({ ...options, progress, policies }));
  } else {
    const { parseEndpoints } = await import('../../aws/endpoints.ts');
    snapshot = await collect({
      ...textsOf(given, { kubeconfig: 'kubeconfig', clusterName: 'cluster-name', region: 'region' }),
      contexts: given.list('context'),
      endpoints: parseEndpoints(given.list('aws-endpoint'), 'account'),
      aws: !given.flag('kubernetes-only'),
      policies,
      environment: io.environment,
      signal,
      progress,
    }).catch((error: unknown) => {
      if (!(error instanceof HarnessError) || error.code !== 'BAD_AWS') throw error;
      throw new HarnessError('BAD_AWS', `${error.message} --kubernetes-only leaves out AWS.`);
    });
  }
  progress('');
  const target = given.text('save');
  if (target !== undefined) writeSnapshot(target, snapshot);
  return { snapshot, signal };
}

async function diagnose(snapshot: Snapshot, checks: readonly Check[], given: GivenOptions, io: Io): Promise<number> {
  const [{ isUnread, judge }, { readSuppressions, suppress }, { isNew, reportOf }, { readBaseline, compared }] =
    await Promise.all([
      import('../../doctor/judge/judge.ts'),
      import('../../doctor/judge/suppressions.ts'),
      import('../../doctor/output/report.ts'),
      import('../../doctor/output/baseline.ts'),
    ]);
  const ids = checks.map(({ id }) => id);
  const file = given.text('suppress');
  const suppressions = file === undefined ? [] : readSuppressions(file, ids);
  const judged = suppress(judge(snapshot, checks), suppressions, new Date().toISOString().slice(0, 10));
  const older = given.text('since');
  const whole = reportOf(snapshot, judged);
  const report = older === undefined ? whole : compared(whole, readBaseline(older), ids);
  io.stdout.write(await rendered(report, given, io));
  const counted = report.findings.filter((finding) => isNew(report, finding));
  if (isFailing(counted, given.text('fail-on'))) return EXIT.doesNotConform;
  const isStrict = given.list('check').length > 0;
  return report.notChecked.some((one) => isStrict || isUnread(one)) ? EXIT.environment : EXIT.conforms;
}

async function rendered(report: DoctorReport, given: GivenOptions, io: Io): Promise<string> {
  switch (given.text('format')) {
    case 'json':
      return `${JSON.stringify(report, undefined, 2)}\n`;
    case 'sarif': {
      const { sarifLog } = await import('../../doctor/output/sarif.ts');
      return `${JSON.stringify(sarifLog(report, packageVersion(io.root)), undefined, 2)}\n`;
    }
    case 'html':
      return (await import('../../doctor/output/html.ts')).htmlPage(report);
    default: {
      const { terminalText } = await import('../../doctor/output/terminal.ts');
      return terminalText(report, await paintOf(given, io), await widthFor(io));
    }
  }
}

function isFailing(findings: DoctorReport['findings'], failOn: string | undefined): boolean {
  const least = FAIL_ON.indexOf((failOn ?? 'error') as (typeof FAIL_ON)[number]);
  return failOn !== 'never' && findings.some(({ severity }) => FAIL_ON.indexOf(severity) <= least);
}

async function followPod(
  snapshot: Snapshot,
  name: string,
  given: GivenOptions,
  io: Io,
  signal?: AbortSignal,
): Promise<number> {
  const { findPod, followed, podText } = await import('../../doctor/pod/follow.ts');
  const found = findPod(snapshot, given.text('namespace') ?? 'default', name);
  const outside = followed(snapshot, found);
  const way = given.flag('inside') && signal ? await lookInside(outside, { ...found, signal }, given, io) : outside;
  const json = given.text('format') === 'json';
  io.stdout.write(
    json ? `${JSON.stringify(way, undefined, 2)}\n` : podText(way, await paintOf(given, io), await widthFor(io)),
  );
  if (way.inside?.result === 'failed' || way.hops.some(({ state }) => state === 'FAIL')) return EXIT.doesNotConform;
  // A new pod's credentials settle unknown hops, but not a warning about this pod.
  const isKnown = way.inside
    ? way.inside.result === 'ok' && way.hops.every(({ state, inside }) => state !== 'WARN' || inside?.state === 'ok')
    : way.identity.mechanism !== 'unknown';
  return isKnown ? EXIT.conforms : EXIT.environment;
}

/** Runs preflight in a Job, and adds its report. */
async function lookInside(
  outside: FollowedPod,
  found: FoundPod & { readonly signal: AbortSignal },
  given: GivenOptions,
  io: Io,
): Promise<FollowedPod> {
  const [{ runInside }, { NODE_IMAGE }, { withInside }, { readContext }, { distFolder }] = await Promise.all([
    import('../../doctor/inside/run.ts'),
    import('../../doctor/inside/job.ts'),
    import('../../doctor/inside/compare.ts'),
    import('../../foundation/node/named-context.ts'),
    import('../../foundation/node/dist-folder.ts'),
  ]);
  const { config } = readContext(
    { ...textsOf(given, { kubeconfig: 'kubeconfig' }), context: outside.cluster },
    io.environment,
  );
  const report = await runInside({
    ...found,
    config,
    image: given.text('image') ?? NODE_IMAGE,
    program: readFileSync(join(distFolder(), 'preflight.cjs'), 'utf8'),
    announce: (sentence) => void io.stderr.write(`${sentence}\n`),
    progress: progressOf(io),
  });
  progressOf(io)('');
  return withInside(outside, report);
}

async function planMigration(snapshot: Snapshot, given: GivenOptions, io: Io): Promise<number> {
  const { planOf } = await import('../../doctor/migration/plan.ts');
  const plan = planOf(snapshot);
  io.stdout.write(await renderedPlan(plan, given, io));
  return plan.isComplete ? EXIT.conforms : EXIT.environment;
}

async function renderedPlan(plan: MigrationPlan, given: GivenOptions, io: Io): Promise<string> {
  if (given.text('format') === 'json') return `${JSON.stringify(plan, undefined, 2)}\n`;
  const { migrationText } = await import('../../doctor/migration/text.ts');
  return migrationText(plan, await paintOf(given, io), await widthFor(io));
}

async function paintOf(given: GivenOptions, { stdout, environment }: Io) {
  const { painter, wantsColor } = await import('../../foundation/node/text.ts');
  return painter(wantsColor(stdout, given.flag('no-color'), environment));
}

async function widthFor({ stdout, environment }: Io) {
  return (await import('../../foundation/node/text.ts')).widthOf(stdout, environment);
}
