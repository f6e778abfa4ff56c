/** Publishes results and writes a page that compares them (`npm run published`). */
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { format } from 'prettier';
import * as z from 'zod';
import type { Io } from '../foundation/node/io.ts';
import { EXIT, HarnessError } from '../foundation/node/errors.ts';
import { readValidJson } from '../foundation/node/validate.ts';
import { isLeftBehind } from '../harness/cleanup/leftovers.ts';
import { readRun } from '../harness/results/read-results.ts';
import { resultsSchema } from '../harness/results/results-schema.ts';
import { table } from './tables.ts';

const FOLDER = fileURLToPath(new URL('../docs/published', import.meta.url));
export const PAGE = join(FOLDER, 'README.md');
const VERDICTS = ['passed', 'failed', 'inconclusive', 'error', 'skipped'] as const;

const publishedSchema = z.strictObject({
  subject: z.string(),
  version: z.string(),
  date: z.iso.date(),
  profile: z.string(),
  /** Missing in old files. */
  scopes: z.array(z.string()).optional(),
  /** Version of the project, and SHA-256 of the suites. */
  suites: z.strictObject({ version: z.string(), digest: z.string() }),
  /** Cluster, AWS platform, and facts such as image digests. */
  environment: z.record(z.string(), z.string()),
  scenarios: z.record(z.string(), z.enum(VERDICTS)),
  /** Titles and reasons of scenarios that did not pass, by id, and of a run with leftovers. */
  remarks: z.record(z.string(), z.string()),
});
type Published = z.infer<typeof publishedSchema>;

/** Converts results of a run. Throws `HarnessError` BAD_FILE for incomplete runs and runs with faults. */
export function publishedOf(subject: string, version: string, content: unknown): Published {
  const { run, environment, scenarios } = resultsSchema.parse(content);
  const refused = [
    [run.error !== null && !isLeftBehind(run.error), `it did not complete (${run.error?.replace(/\.$/, '')})`],
    [run.interrupted, 'it did not complete'],
    [environment.faults.length > 0, `faults were on (${environment.faults.join(', ')})`],
    [run.profile === undefined || run.profile.narrowed, 'flags excluded scenarios of its profile'],
  ] as const;
  const reason = refused.find(([holds]) => holds)?.[1];
  if (reason !== undefined)
    throw new HarnessError(
      'BAD_FILE',
      `Run ${run.id} cannot be published: ${reason}. Run the whole profile without faults.`,
    );
  const suites = Object.entries(environment.digests).filter(([name]) => name.startsWith('suites/'));
  const digest = createHash('sha256').update(JSON.stringify(suites.sort())).digest('hex');
  const facts = environment.clusters.flatMap(({ facts: all }) => Object.entries(all));
  const unlike = scenarios.filter(({ verdict }) => verdict !== 'passed' && verdict !== 'skipped');
  return {
    subject,
    version,
    date: run.startedAt.slice(0, 10),
    profile: run.profile?.name ?? '',
    scopes: [...(run.profile?.scopes ?? [])],
    suites: { version: environment.harness, digest },
    environment: { cluster: environment.cluster, aws: environment.aws, ...Object.fromEntries(facts) },
    scenarios: Object.fromEntries(scenarios.map(({ id, verdict }) => [id, verdict])),
    remarks: Object.fromEntries([
      ...unlike.map(({ id, title, reason: why }) => [id, `${title}: ${why}`]),
      ...(run.error === null ? [] : [['the run', 'Some of its resources could not be removed.']]),
    ]) as Published['remarks'],
  };
}

/** Reads all published results, sorted by file name. Throws `HarnessError` BAD_FILE. */
export function readPublished(folder = FOLDER): readonly Published[] {
  if (!existsSync(folder)) return [];
  const files = readdirSync(folder).filter((file) => file.endsWith('.json'));
  return files.sort().map((name) => {
    const file = join(folder, name);
    const damaged = (problem: string): string =>
      `${relative('', file)} is not a file of published results: ${problem}. Publish its subject again, or delete the file.`;
    return readValidJson(publishedSchema, file, 'Published results', damaged);
  });
}

const choiceOf = ({ profile, scopes = [] }: Published): string => [profile, ...scopes].join(' ');

export function publishedPage(reports: readonly Published[]): Promise<string> {
  const nameOf = ({ subject, version }: Published): string => `${subject} ${version}`;
  const counts = ({ scenarios }: Published): string[] =>
    VERDICTS.map((verdict) => String(Object.values(scenarios).filter((one) => one === verdict).length));
  const summary = reports.map((report) => {
    const { environment, suites, date } = report;
    const where = `${environment['cluster']}, ${environment['aws']}`;
    return [
      nameOf(report),
      where,
      choiceOf(report),
      `${suites.version} (${suites.digest.slice(0, 12)})`,
      date,
      ...counts(report),
    ];
  });
  const ids = [...new Set(reports.flatMap(({ scenarios }) => Object.keys(scenarios)))];
  // Reports with other scopes lack some scenarios.
  const verdicts = (id: string): readonly string[] => reports.flatMap(({ scenarios }) => scenarios[id] ?? []);
  const differing = ids.filter((id) => new Set(verdicts(id)).size > 1);
  const remarks = reports.flatMap((report) =>
    Object.entries(report.remarks).map(([id, remark]) => [nameOf(report), id, remark.replaceAll(/\s+/g, ' ')]),
  );
  const text = [
    '# Published results\n\nThe newest results of each available subject, with the version and digest of the suites.',
    '`npm run published` writes this page. The `.json` files in this folder contain all verdicts and the environment of each run.\n',
    table(['subject', 'where', 'profile', 'suites', 'date', ...VERDICTS], summary),
    '## Scenarios that did not pass\n',
    remarks.length === 0 ? 'None.\n' : table(['subject', 'scenario', 'why'], remarks),
    '## Differences\n',
    differing.length === 0
      ? 'None.\n'
      : table(
          ['scenario', ...reports.map(nameOf)],
          differing.map((id) => [id, ...reports.map(({ scenarios }) => scenarios[id] ?? '–')]),
        ),
  ].join('\n');
  return format(text, { filepath: PAGE, printWidth: 120 });
}

/** Publishes a report and updates the page. Returns the exit code. Throws `HarnessError`. */
export async function publish(words: readonly string[], io: Pick<Io, 'stdout'>): Promise<number> {
  const [subject, version, path] = words;
  if (subject !== undefined) {
    if (version === undefined || path === undefined)
      throw new HarnessError(
        'BAD_FLAG_VALUE',
        `"${words.join(' ')}" does not name a run. Give a subject, a version and a report folder, such as "an agent" 1.2 reports/c1a2b3d, or no arguments to only write the page.`,
      );
    write(publishedOf(subject, version, readRun(path).results), io);
  }
  writeFileSync(PAGE, await publishedPage(readPublished()));
  return EXIT.conforms;
}

function write(published: Published, io: Pick<Io, 'stdout'>): void {
  const name = `${published.subject} ${published.version} ${choiceOf(published)}`
    .toLowerCase()
    .replaceAll(/[^\w.]+/g, '-');
  const file = join(FOLDER, `${name}.json`);
  mkdirSync(FOLDER, { recursive: true });
  writeFileSync(file, `${JSON.stringify(published, null, 2)}\n`);
  io.stdout.write(`${relative('', file)}\n`);
}
