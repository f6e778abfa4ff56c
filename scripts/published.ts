/** Published results, and their comparison (`npm run published`). */
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { format } from 'prettier';
import * as z from 'zod';
import type { Io } from '../foundation/node/io.ts';
import { EXIT, HarnessError } from '../foundation/node/errors.ts';
import { validated } from '../foundation/node/validate.ts';
import { readRun } from '../harness/results/read-results.ts';
import { resultsSchema } from '../harness/results/results-schema.ts';
import { table } from './tables.ts';

const FOLDER = fileURLToPath(new URL('../reports/published', import.meta.url));
export const PAGE = join(FOLDER, 'README.md');
const VERDICTS = ['passed', 'failed', 'inconclusive', 'error', 'skipped'] as const;

const publishedSchema = z.strictObject({
  subject: z.string(),
  version: z.string(),
  date: z.iso.date(),
  profile: z.string(),
  /** Absent in old files. */
  scopes: z.array(z.string()).optional(),
  /** Project version, and SHA-256 of the suites. */
  suites: z.strictObject({ version: z.string(), digest: z.string() }),
  /** Cluster, AWS, and facts such as image digests. */
  environment: z.record(z.string(), z.string()),
  scenarios: z.record(z.string(), z.enum(VERDICTS)),
  /** Failed scenarios by id. */
  remarks: z.record(z.string(), z.string()),
});
type Published = z.infer<typeof publishedSchema>;

/** Throws `HarnessError` BAD_FILE without facts about the subject. */
export function publishedOf(subject: string, version: string, content: unknown): Published {
  const { run, environment, scenarios } = resultsSchema.parse(content);
  const refused = [
    [run.error !== null, `it did not come to its end (${run.error?.replace(/\.$/, '')})`],
    [run.interrupted, 'it did not come to its end'],
    [environment.faults.length > 0, `faults were on (${environment.faults.join(', ')})`],
    [run.profile === undefined || run.profile.narrowed, 'flags left out scenarios of its profile'],
  ] as const;
  const reason = refused.find(([holds]) => holds)?.[1];
  if (reason !== undefined)
    throw new HarnessError(
      'BAD_FILE',
      `Run ${run.id} cannot be published: ${reason}. Run the whole profile of the subject.`,
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
    remarks: Object.fromEntries(unlike.map(({ id, title, reason: why }) => [id, `${title}: ${why}`])),
  };
}

/** Sorted by subject and version. Throws `HarnessError` BAD_FILE. */
export function readPublished(folder = FOLDER): readonly Published[] {
  if (!existsSync(folder)) return [];
  const files = readdirSync(folder).filter((file) => file.endsWith('.json'));
  return files.sort().map((name) => {
    const file = join(folder, name);
    const damaged = (problem: string): string =>
      `${relative('', file)} is not a file of published results: ${problem} (publish its subject again, or delete it).`;
    return validated(publishedSchema, parsed(file, damaged), damaged);
  });
}

function parsed(file: string, damaged: (problem: string) => string): unknown {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as unknown;
  } catch (error) {
    throw new HarnessError('BAD_FILE', damaged('it is not JSON'), { cause: error });
  }
}

/** The report's profile and scopes. */
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
  // Reports of other scopes have other scenarios.
  const verdicts = (id: string): readonly string[] => reports.flatMap(({ scenarios }) => scenarios[id] ?? []);
  const differing = ids.filter((id) => new Set(verdicts(id)).size > 1);
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

/** Publishes a report and updates the page. Returns the exit code. Throws `HarnessError`. */
export async function publish(words: readonly string[], io: Pick<Io, 'stdout'>): Promise<number> {
  const [subject, version, path] = words;
  if (subject !== undefined) {
    if (version === undefined || path === undefined)
      throw new HarnessError(
        'BAD_FLAG_VALUE',
        `"${words.join(' ')}" names no run: give subject, version and report folder, such as "an agent" 1.2 reports/c1a2b3d, or nothing to write the page alone.`,
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
