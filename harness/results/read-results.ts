import { statSync } from 'node:fs';
import { basename } from 'node:path';
import type { infer as Infer } from 'zod';
import { HarnessError } from '../../foundation/node/errors.ts';
import { readText } from '../../foundation/node/read-file.ts';
import { declaredId, validated } from '../../foundation/node/validate.ts';
import { JOURNAL_FILE, resultsFileIn, resultsOfJournal } from './results-journal.ts';
import { resultsSchema } from './results-schema.ts';
import { RESULTS_VERSION, type RunResults } from './results.ts';

type Results = Infer<typeof resultsSchema>;
type Scenario = Results['scenarios'][number];
type FactsSource = Pick<
  RunResults['environment'],
  'clusters' | 'cluster' | 'aws' | 'region' | 'harness' | 'node' | 'platform'
>;

/** The parts of results.json that comparisons need (docs/results.md). Names and ARNs are unchanged. */
export interface Side {
  readonly file: string;
  readonly run: Pick<Results['run'], 'id' | 'startedAt' | 'error' | 'interrupted'>;
  /** By name: `cluster`, `aws`, `region`, `harness`, `node`, `platform`, and facts of the run's clusters. */
  readonly facts: Readonly<Record<string, string>>;
  readonly faults: readonly string[];
  /** SHA-256 of programs and suites, by name. */
  readonly digests: Readonly<Record<string, string>>;
  /** By id, in the order of the run. */
  readonly scenarios: ReadonlyMap<string, SideScenario>;
}

export interface SideScenario extends Omit<Scenario, 'probes'> {
  /** By number, from 0. */
  readonly probes: ReadonlyMap<number, SideProbe>;
}

export type SideProbe = Scenario['probes'][number];

export interface Run {
  readonly file: string;
  readonly results: Results;
}

/** Reads a results.json for a comparison; `reports/a#python@1.34.41` selects one client. Throws like `readRun`. */
export function readResults(path: string): Side {
  const [, file = path, client] = /^(.*)#([^#/]+)$/.exec(path) ?? [];
  const run = readRun(file);
  return sideOf(client === undefined ? run : { ...run, results: ofClient(run, client) });
}

function ofClient({ file, results }: Run, name: string): Results {
  const scenarios = results.scenarios.filter(({ client }) => client && [client.name, nameOf(client)].includes(name));
  const clients = new Set(scenarios.flatMap(({ client }) => (client ? nameOf(client) : [])));
  const all = new Set(results.scenarios.flatMap(({ client }) => (client ? nameOf(client) : [])));
  if (clients.size !== 1)
    throw new HarnessError(
      'BAD_FILE',
      `${file} has ${clients.size === 0 ? 'no results' : 'several versions'} of client ${name}: give one of ${[...all].join(', ') || 'a run with --client'}.`,
    );
  return { ...results, scenarios: scenarios.map((scenario) => ({ ...scenario, id: declaredId(scenario.id) })) };
}

const nameOf = ({ name, version }: NonNullable<Scenario['client']>): string => `${name}@${version}`;

export function sideOf({ file, results }: Run): Side {
  const { id, startedAt, error, interrupted } = results.run;
  const { environment, scenarios } = results;
  return {
    file,
    run: { id, startedAt, error, interrupted },
    facts: { ...factsOf(environment), ...clientsOf(scenarios) },
    faults: environment.faults,
    digests: environment.digests,
    scenarios: new Map(
      scenarios.map((scenario) => [
        scenario.id,
        { ...scenario, probes: new Map(scenario.probes.map((probe) => [probe.number, probe])) },
      ]),
    ),
  };
}

function clientsOf(scenarios: readonly Scenario[]): Readonly<Record<string, string>> {
  const all = new Set(scenarios.flatMap(({ client }) => (client ? nameOf(client) : [])));
  return all.size === 0 ? {} : { client: [...all].join(', ') };
}

/** Reads a results.json, that of a report folder, or the journal of a killed run. Throws `HarnessError` BAD_FILE. */
export function readRun(path: string): Run {
  const file = isFolder(path) ? resultsFileIn(path) : path;
  const content = parse(readText(file, 'Results file'), file);
  if (typeof content !== 'object' || content === null || !('version' in content))
    throw new HarnessError(
      'BAD_FILE',
      `${file} is not a results.json: it has no version. Give the results.json of a run's report folder.`,
    );
  if (content.version !== RESULTS_VERSION)
    throw new HarnessError(
      'BAD_FILE',
      `${file} is a results.json of version ${JSON.stringify(content.version)}, but this program reads version ${RESULTS_VERSION}: use the program that wrote it.`,
    );
  const damaged = (problem: string): string => `${file} is damaged: ${problem}. Run the conformance suites again.`;
  const results = validated(resultsSchema, content, damaged);
  const unique = (keys: readonly (string | number)[], at: string): void => {
    const twice = keys.find((key, index) => keys.indexOf(key) !== index);
    if (twice !== undefined) throw new HarnessError('BAD_FILE', damaged(`${at} has ${twice} twice`));
  };
  unique(
    results.scenarios.map(({ id }) => id),
    'scenarios',
  );
  for (const [index, { probes }] of results.scenarios.entries())
    unique(
      probes.map(({ number }) => number),
      `scenarios[${index}].probes`,
    );
  return { file, results };
}

function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
}

function parse(content: string, file: string): unknown {
  try {
    return basename(file) === JOURNAL_FILE ? resultsOfJournal(content) : (JSON.parse(content) as unknown);
  } catch {
    throw new HarnessError('BAD_FILE', `${file} is not JSON: give the results.json of a run's report folder.`);
  }
}

/** Returns facts about a run's environment, by name. Missing values are `unknown`. */
export function factsOf(environment: FactsSource): Readonly<Record<string, string>> {
  const values = new Map<string, Set<string>>();
  for (const { facts } of environment.clusters)
    for (const [name, value] of Object.entries(facts)) values.set(name, (values.get(name) ?? new Set()).add(value));
  const { cluster, aws, region, harness, node, platform } = environment;
  return {
    ...Object.fromEntries([...values].map(([name, all]) => [name, [...all].join(', ')])),
    // A run that failed before provisioning has no region.
    ...Object.fromEntries(
      Object.entries({ cluster, aws, region, harness, node, platform }).map(([name, value]) => [
        name,
        value || 'unknown',
      ]),
    ),
  };
}
