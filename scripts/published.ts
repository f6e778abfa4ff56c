/**
 * Publishes the results of a run as those of a subject, and writes the page that compares all that is published
 * (`npm run published`):
 *
 *   npm run published -- "reference agent" 0.1 reports/<run id>
 *   npm run published                                            # the page alone
 */
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { format } from 'prettier';
import * as z from 'zod';
import { readRun } from '../harness/compare/read-results.ts';
import { resultsSchema } from '../harness/report/results-schema.ts';
import { table } from './tables.ts';

const FOLDER = fileURLToPath(new URL('../reports/published', import.meta.url));
export const PAGE = join(FOLDER, 'README.md');
const VERDICTS = ['passed', 'failed', 'inconclusive', 'error', 'skipped'] as const;

const publishedSchema = z.strictObject({
  subject: z.string(),
  version: z.string(),
  /** Day of the run. */
  date: z.iso.date(),
  profile: z.string(),
  /** Version of this project, and SHA-256 over its suites. */
  suites: z.strictObject({ version: z.string(), digest: z.string() }),
  /** Where it ran: cluster, AWS, and facts of the clusters, images with their digests among them. */
  environment: z.record(z.string(), z.string()),
  scenarios: z.record(z.string(), z.enum(VERDICTS)),
  /** What did not pass and was not skipped, by id. */
  remarks: z.record(z.string(), z.string()),
});
type Published = z.infer<typeof publishedSchema>;

/** What is published of a run. Throws where the run says nothing of the subject, or too little. */
export function publishedOf(subject: string, version: string, content: unknown): Published {
  const { run, environment, scenarios } = resultsSchema.parse(content);
  const refused = [
    [run.error !== null || run.interrupted, 'it did not come to its end'],
    [environment.faults.length > 0, `faults were on (${environment.faults.join(', ')})`],
    [run.profile === undefined || run.profile.narrowed, 'flags left out scenarios of its profile'],
  ] as const;
  const reason = refused.find(([holds]) => holds)?.[1];
  if (reason !== undefined) throw new Error(`Run ${run.id} cannot be published: ${reason}.`);
  const suites = Object.entries(environment.digests).filter(([name]) => name.startsWith('suites/'));
  const digest = createHash('sha256').update(JSON.stringify(suites.sort())).digest('hex');
  const facts = environment.clusters.flatMap(({ facts: all }) => Object.entries(all));
  const unlike = scenarios.filter(({ verdict }) => verdict !== 'passed' && verdict !== 'skipped');
  return {
    ...{ subject, version, date: run.startedAt.slice(0, 10), profile: run.profile?.name ?? '' },
    suites: { version: environment.harness, digest },
    environment: { cluster: environment.cluster, aws: environment.aws, ...Object.fromEntries(facts) },
    scenarios: Object.fromEntries(scenarios.map(({ id, verdict }) => [id, verdict])),
    remarks: Object.fromEntries(unlike.map(({ id, title, reason: why }) => [id, `${title}: ${why}`])),
  };
}

/** All that is published, by subject and version. */
export function readPublished(folder = FOLDER): readonly Published[] {
  if (!existsSync(folder)) return [];
  const files = readdirSync(folder).filter((file) => file.endsWith('.json'));
  return files.sort().map((file) => {
    const { data, error } = publishedSchema.safeParse(JSON.parse(readFileSync(join(folder, file), 'utf8')));
    if (data === undefined) throw new Error(`${file} is not in the form of this version: ${z.prettifyError(error)}`);
    return data;
  });
}

/** The page, in Markdown. */
export function publishedPage(reports: readonly Published[]): Promise<string> {
  const nameOf = ({ subject, version }: Published): string => `${subject} ${version}`;
  const counts = ({ scenarios }: Published): string[] =>
    VERDICTS.map((verdict) => String(Object.values(scenarios).filter((one) => one === verdict).length));
  const summary = reports.map((report) => {
    const { environment, suites, profile, date } = report;
    const where = `${environment['cluster']}, ${environment['aws']}`;
    return [
      nameOf(report),
      where,
      profile,
      `${suites.version} (${suites.digest.slice(0, 12)})`,
      date,
      ...counts(report),
    ];
  });
  const ids = [...new Set(reports.flatMap(({ scenarios }) => Object.keys(scenarios)))];
  const differing = ids.filter((id) => new Set(reports.map(({ scenarios }) => scenarios[id])).size > 1);
  const remarks = reports.flatMap((report) =>
    Object.entries(report.remarks).map(([id, remark]) => [nameOf(report), id, remark.replaceAll(/\s+/g, ' ')]),
  );
  const text = [
    '# Published results\n\nOf each subject that can be had, the newest results, bound to the version and the digest of the suites.',
    'Written by `npm run published`; each `.json` beside this page has all verdicts and where they were found.\n',
    table(['subject', 'where', 'profile', 'suites', 'date', ...VERDICTS], summary),
    '## What did not pass\n',
    remarks.length === 0 ? 'Nothing.\n' : table(['subject', 'scenario', 'why'], remarks),
    '## Where they differ\n',
    differing.length === 0
      ? 'Nowhere.\n'
      : table(
          ['scenario', ...reports.map(nameOf)],
          differing.map((id) => [id, ...reports.map(({ scenarios }) => scenarios[id] ?? '–')]),
        ),
  ].join('\n');
  return format(text, { filepath: PAGE, printWidth: 120 });
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [subject, version, path] = process.argv.slice(2);
  mkdirSync(FOLDER, { recursive: true });
  if (subject !== undefined) {
    if (version === undefined || path === undefined)
      throw new Error('Give the subject, its version and the report folder of its run.');
    const file = join(FOLDER, `${subject} ${version}`.toLowerCase().replaceAll(/[^\w.]+/g, '-') + '.json');
    writeFileSync(file, `${JSON.stringify(publishedOf(subject, version, readRun(path).results), null, 2)}\n`);
    process.stdout.write(`${relative(process.cwd(), file)}\n`);
  }
  writeFileSync(PAGE, await publishedPage(readPublished()));
}
