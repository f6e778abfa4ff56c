/** Writes docs/fidelity.md: results of public AWS emulators under this harness (`npm run fidelity`). */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { operationOf } from '../../harness/scenario/operation-registry.ts';
import { capabilitiesOf } from '../../harness/scenario/requirements.ts';
import type { ProbeStep } from '../../harness/scenario/spec.ts';
import type { ProbeOutcome, RunResults, ScenarioResult } from '../../harness/results/results.ts';
import { readSuites } from '../../harness/scenario-files/read-suites.ts';
import { startSubject, SUBJECTS, versionOf, type SubjectName } from './subjects.ts';
import { table, withTables } from '../../scripts/tables.ts';
import { inTemporaryFolder } from '../../scripts/temporary-folder.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
export const PAGE = join(ROOT, 'docs', 'fidelity.md');
const NAMES = Object.keys(SUBJECTS) as SubjectName[];
const OWN = "this project's emulator";

/** Table cells of an emulator by scenario id. */
export type Column = ReadonlyMap<string, string>;

export const NOT_JUDGED = '–';
const AS_AWS = 'as AWS';

/** Returns the ids of scenarios that test S3, IAM or STS. Clusters, EKS and EKS Auth are the harness's own. */
export async function scenariosOfServices(): Promise<ReadonlySet<string>> {
  const { scenarios } = await readSuites(join(ROOT, 'suites'), []);
  const about = scenarios.filter(
    (scenario) =>
      capabilitiesOf(scenario).some((name) => name === 'irsa' || name === 's3') &&
      scenario.spec.probes.some((step) => step.kind === 'probe' && asksServices(step)),
  );
  return new Set(about.map(({ id }) => id));
}

/** False for probes that only call the harness's own EKS, EKS Auth, Kubernetes or webhook. */
function asksServices({ operation, expectation }: ProbeStep): boolean {
  const descriptor = operationOf(operation);
  const usesWebIdentity = descriptor.needs?.(operation, expectation).includes('irsa') === true;
  return descriptor.performedBy === 'workload' || descriptor.usesS3 === true || usesWebIdentity;
}

export function columnOf(results: RunResults | undefined, isAbout: (id: string) => boolean = () => true): Column {
  const judged = (results?.scenarios ?? []).filter(({ id, verdict }) => verdict !== 'skipped' && isAbout(id));
  return new Map(judged.map((scenario) => [scenario.id, cellOf(scenario)]));
}

function cellOf({ verdict, probes, reason }: ScenarioResult): string {
  if (verdict === 'passed') return AS_AWS;
  const unlike = probes.filter((probe) => probe.verdict !== 'passed');
  const words = unlike.map((probe) => (isWronglyGranted(probe) ? `**grants ${nameOf(probe)}**` : otherwise(probe)));
  return words.length === 0 ? reason : [...new Set(words)].join('; ');
}

/** Whether the emulator allows a call that AWS denies. */
const isWronglyGranted = ({ expected, observed }: ProbeOutcome): boolean =>
  observed?.outcome === 'granted' && (expected.outcome === 'denied' || expected.outcome === 'refused');

/** Describes the observation without names that differ between runs. */
function otherwise(probe: ProbeOutcome): string {
  const { observed, verdict } = probe;
  if (observed === null || verdict === 'inconclusive') return `${nameOf(probe)}: inconclusive`;
  if (observed.outcome === 'granted') return `${nameOf(probe)} returns a different answer`;
  return `${nameOf(probe)}: ${observed.outcome} with ${observed.code ?? `status ${observed.status ?? 'unknown'}`}`;
}

const nameOf = ({ operation }: ProbeOutcome): string => operation.split(' ')[0]!;

/** Runs the command-line program and returns its results. */
export function run(args: readonly string[], environment: Readonly<Record<string, string>>): Promise<RunResults> {
  return inTemporaryFolder('fidelity-', async (folder) => {
    const command = [join(ROOT, 'bin', 'conformance.js'), '--quiet', '--scope', 'all', '--report-dir', folder, ...args];
    await execa(process.execPath, command, { env: environment, reject: false, stdio: 'ignore' });
    return JSON.parse(readFileSync(join(folder, 'results.json'), 'utf8')) as RunResults;
  });
}

interface Judged {
  readonly column: Column;
  /** Reason why its EKS was not tested, or null. */
  readonly withoutEks: string | null;
}

async function judge(name: SubjectName, services: ReadonlySet<string>): Promise<Judged> {
  const subject = await startSubject(name);
  const { endpoint, accessKeyId, secretAccessKey } = subject;
  const environment = {
    AWS_ACCESS_KEY_ID: accessKeyId,
    AWS_SECRET_ACCESS_KEY: secretAccessKey,
    AWS_REGION: 'us-west-2',
  };
  try {
    const embedded = await run(['--aws-endpoint', endpoint], environment);
    const eks = await run(['--cluster', 'eks', '--pass-with-no-scenarios', '--aws-endpoint', endpoint], environment);
    const column = new Map([...columnOf(embedded, (id) => services.has(id)), ...columnOf(eks)]);
    return {
      column,
      withoutEks: eks.run.error?.replaceAll(endpoint, 'it').replace(/conformance-\w+-c\d/, 'of a run') ?? null,
    };
  } finally {
    await subject.close();
  }
}

function tablesOf(
  scenarios: readonly ScenarioResult[],
  subjects: ReadonlyMap<SubjectName, Judged>,
  ownColumn: Column,
): readonly string[] {
  const columns = [...[...subjects.values()].map(({ column }) => column), ownColumn];
  const judged = scenarios.filter(({ id }) => columns.slice(0, -1).some((column) => column.has(id)));
  const counts = (column: Column): string[] => {
    const cells = judged.flatMap(({ id }) => column.get(id) ?? []);
    const grants = cells.filter((cell) => cell.includes('**')).length;
    return [cells.length, cells.filter((cell) => cell === AS_AWS).length, grants].map(String);
  };
  const summary = [...subjects].map(([name, { column, withoutEks }]) => {
    const { title, licence, settings } = SUBJECTS[name];
    return [`${title} ${versionOf(name)}`, licence, ...counts(column), settings, withoutEks ?? 'judged'];
  });
  return [
    table(
      [
        'emulator',
        'licence',
        'judged',
        'as AWS',
        'scenarios in which it grants what AWS denies',
        'settings',
        'its EKS',
      ],
      [...summary, [OWN, 'Apache-2.0', ...counts(ownColumn), 'signatures verified, policies enforced', 'judged']],
    ),
    table(
      ['scenario', ...NAMES.map((name) => SUBJECTS[name].title), OWN],
      judged.map(({ id, title }) => [`${id} ${title}`, ...columns.map((column) => column.get(id) ?? NOT_JUDGED)]),
    ),
  ];
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const services = await scenariosOfServices();
  const subjects = new Map<SubjectName, Judged>();
  for (const name of NAMES) {
    process.stderr.write(`${SUBJECTS[name].title} …\n`);
    subjects.set(name, await judge(name, services));
  }
  process.stderr.write(`${OWN} …\n`);
  const own = await run([], {});
  writeFileSync(PAGE, withTables(PAGE, tablesOf(own.scenarios, subjects, columnOf(own))));
}
