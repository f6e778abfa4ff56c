import { readdirSync, statSync } from 'node:fs';
import { join, relative, sep } from 'node:path';
import { badFlagValue, EXIT, HarnessError, unreadable } from '../../foundation/node/errors.ts';
import { option } from '../../foundation/node/options.ts';
import type { AccessSide, SourceFile } from '../../identity/new-access/files.ts';
import type { AccessChange } from '../../identity/new-access/compare.ts';
import type { NewAccess } from '../../identity/new-access/report-schema.ts';
import type { Io } from '../../foundation/node/io.ts';
import type { Command } from './command.ts';
import { formatOption, json, NO_COLOR, print, type Formats } from './formats.ts';
import { ORGANIZATION, organizationOf } from './live-cluster.ts';
import { packageVersion } from './run.ts';
import { selected, selecting, SETTINGS, type Configured } from './scenarios.ts';

const FORMATS: Formats<NewAccess> = {
  text: async (report, { paint, width }) =>
    (await import('../../identity/new-access/text.ts')).newAccessText(report, paint, width),
  markdown: async (report) => (await import('../../identity/new-access/text.ts')).newAccessMarkdown(report),
  json,
  sarif: async (report, { root }) =>
    json((await import('../../identity/new-access/text.ts')).newAccessSarif(report, packageVersion(root))),
};

/** Files that can give access. */
const READ = /\.(?:json|ya?ml|template|tf|tfvars|hcl)$/;

export const NO_NEW_ACCESS: Command<Configured> = {
  name: 'no-new-access',
  summary: 'report what a change newly allows to roles and service accounts, by files',
  question: 'what a pull request newly allows to pods',
  about: `Compare what files let roles and service accounts do, before and after a change. Offline, for all AWS services. X and Y are output of
"terraform show -json", a template of CloudFormation or CDK, a folder of policies and manifests, or git:REF[:PATH]. A Terraform plan has both
sides, so that --after is enough (docs/no-new-access.md).`,
  ...selecting('no-new-access', [
    option.list('before X', 'the present state: files, folders or git:REF[:PATH] (repeatable)', {
      commandLineOnly: true,
    }),
    option.list('after Y', 'the changed state: the same, or one Terraform plan (repeatable)', {
      commandLineOnly: true,
    }),
    option.text('accept FILE', 'accept new access that this file lists with a reason and an end date'),
    ...ORGANIZATION.slice(0, 2),
    option.text('account ID', 'the account of files that name none', {
      form: { pattern: /^\d{12}$/, expected: 'give 12 digits' },
    }),
    formatOption(FORMATS),
    NO_COLOR,
  ]),
  remarks: `${SETTINGS}\nExit codes: 0 nothing is newly allowed; 1 new access that --accept does not list; 2 wrong usage, or an unusable
file; 3 something is not decided and could be new; 130 interrupted.`,
  run: compare,
};

async function compare(given: Configured, io: Io): Promise<number> {
  const [{ compareAccess }, { readAccepted }, { newAccessOf }] = await Promise.all([
    import('../../identity/new-access/compare.ts'),
    import('../../identity/new-access/accepted.ts'),
    import('../../identity/new-access/report.ts'),
  ]);
  const file = given.text('accept');
  const accepted = file === undefined ? [] : readAccepted(file);
  const sides = await sidesOf(given);
  const reading = await organizationOf(given);
  const comparison = compareAccess(...sides, reading?.state === 'read' ? reading.organization : undefined);
  const probesOf = await probesFor(given, io);
  const today = new Date().toISOString().slice(0, 10);
  const report = newAccessOf(comparison, sides, {
    accepted,
    today,
    organization: reading?.state,
    ...(probesOf && { probesOf }),
  });
  await print(report, FORMATS, given, io);
  if (report.newlyAllowed.length > 0) return EXIT.doesNotConform;
  return report.undecided.length > 0 ? EXIT.environment : EXIT.conforms;
}

/** Reads both sides. Throws `HarnessError`. */
async function sidesOf(given: Configured): Promise<readonly [AccessSide, AccessSide]> {
  const [before, after] = [given.list('before'), given.list('after')];
  if (after.length === 0)
    throw badFlagValue('Give the changed state with --after, and the present state with --before.');
  const { accountOf, isPlan, isRead, sideOf } = await import('../../identity/new-access/files.ts');
  const is = (await Promise.all(after.map(filesOf))).flat();
  const isOnePlan = before.length === 0 && is.some(isPlan);
  if (before.length === 0 && !isOnePlan)
    throw badFlagValue('Give the present state with --before. Only a Terraform plan in --after has both sides.');
  const was = isOnePlan ? is : (await Promise.all(before.map(filesOf))).flat();
  for (const [flag, paths, files] of [
    ['before', before, was],
    ['after', after, is],
  ] as const)
    if (!files.some(isRead) && !isOnePlan)
      throw badFlagValue(
        `--${flag} ${paths.join(', ')} has no policy, manifest, template or Terraform plan. Give a path that has them.`,
      );
  const accountId = given.text('account') ?? accountOf([...is, ...was]);
  const around = { ...(accountId !== undefined && { accountId }) };
  return [sideOf(was, around, isOnePlan ? 'before' : 'after'), sideOf(is, around)];
}

/** Returns the files of a path, a folder or a commit. Throws `HarnessError` BAD_FILE. */
async function filesOf(given: string): Promise<readonly SourceFile[]> {
  const [{ gitFiles }, { textOfFile }] = await Promise.all([
    import('../../foundation/node/git-files.ts'),
    import('../../identity/deployment/read.ts'),
  ]);
  const [, reference, path = ''] = /^git:([^:]+)(?::(.*))?$/s.exec(given) ?? [];
  if (reference !== undefined) return gitFiles(reference, path, (name) => READ.test(name) && !isHidden(name));
  try {
    if (statSync(given).isFile()) return [{ path: given, text: textOfFile(given, 'File') }];
    return listed(given).map((name) => ({
      path: relative(given, name).split(sep).join('/'),
      text: textOfFile(name, 'File'),
    }));
  } catch (error) {
    if (error instanceof Error && error.name === 'HarnessError') throw error;
    throw new HarnessError('BAD_FILE', `${given} cannot be read (${unreadable(error)}). Check the path.`);
  }
}

const isHidden = (path: string): boolean => /(?:^|\/)(?:\.|node_modules\/)/.test(path);
const listed = (folder: string): readonly string[] =>
  readdirSync(folder, { withFileTypes: true })
    .toSorted((a, b) => (a.name < b.name ? -1 : 1))
    .flatMap((one) => {
      if (one.name.startsWith('.') || one.name === 'node_modules') return [];
      const path = join(folder, one.name);
      return one.isDirectory() ? listed(path) : one.isFile() && READ.test(one.name) ? [path] : [];
    });

/** Returns which probes of the user's suites notice a change; undefined without suites. */
async function probesFor(
  given: Configured,
  io: Io,
): Promise<((change: AccessChange) => readonly string[]) | undefined> {
  if (given.list('suites-dir').length === 0) return undefined;
  const { scenarios } = await selected(given, io);
  const { noticingProbes } = await import('../../harness/predict/notice.ts');
  const own = scenarios.filter(({ scope }) => scope === undefined);
  return ({ difference }) =>
    difference === undefined ? [] : noticingProbes(own, difference.sides, difference.statement.policy);
}
