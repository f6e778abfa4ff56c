import { HarnessError } from '../../foundation/errors.ts';
import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { RESULTS_VERSION, type Verdict } from '../report/results.ts';
import type { FactMatcher } from '../../foundation/probe-protocol.ts';
import { list, object, oneOf, optional, record, scalar, scenarioId, text, whole, words, type Scalar } from './shape.ts';

export const VERDICTS = ['passed', 'failed', 'inconclusive', 'skipped', 'error'] as const satisfies readonly Verdict[];
export const PROBE_VERDICTS = ['passed', 'failed', 'inconclusive', 'error'] as const;

/** What a comparison needs of results.json (docs/results.md). Names and ARNs are as they were written. */
export interface Side {
  readonly file: string;
  readonly run: {
    readonly id: string;
    readonly startedAt: string;
    readonly error: string | null;
    readonly interrupted: boolean;
  };
  /** By name: `cluster`, `aws`, `region`, `harness`, `node`, `platform`, and the facts of the run's clusters. */
  readonly facts: Readonly<Record<string, string>>;
  readonly faults: readonly string[];
  /** SHA-256 of programs and suites, by name. */
  readonly digests: Readonly<Record<string, string>>;
  /** By id, in the order of the run. */
  readonly scenarios: ReadonlyMap<string, SideScenario>;
}

export interface SideScenario {
  readonly id: string;
  readonly suite: string;
  readonly title: string;
  readonly verdict: Verdict;
  readonly reason: string;
  /** Milliseconds. */
  readonly durations: { readonly arranging: number; readonly probing: number };
  /** By number, from 0. */
  readonly probes: ReadonlyMap<number, SideProbe>;
}

export interface SideProbe {
  readonly number: number;
  readonly workload: string | null;
  readonly operation: string;
  readonly verdict: Exclude<Verdict, 'skipped'>;
  readonly reason: string;
  /** The facts that the expectation is about. */
  readonly expectedFacts: Readonly<Record<string, FactMatcher>>;
  /** Null when it was not made. */
  readonly observed: {
    readonly outcome: string;
    readonly layer: string | null;
    readonly code: string | null;
    readonly status: number | null;
    /** ARN. */
    readonly identity: string | null;
    readonly facts: Readonly<Record<string, Scalar>>;
  } | null;
}

/**
 * Reads a results.json; of a folder, the one in it. Throws `HarnessError` BAD_FILE when it cannot be read, is of another version, or
 * is something else. Fields that a comparison does not need are passed over, so that newer files with more can be read.
 */
export function readResults(path: string): Side {
  const file = isFolder(path) ? join(path, 'results.json') : path;
  const content = parse(readText(file, 'Results file'), file);
  if (typeof content !== 'object' || content === null || !('version' in content))
    throw new HarnessError(
      'BAD_FILE',
      `${file} is no results.json: it has no version. Give the one of a run's report folder.`,
    );
  if (content.version !== RESULTS_VERSION)
    throw new HarnessError(
      'BAD_FILE',
      `${file} is results.json of version ${JSON.stringify(content.version)}, and this program reads version ${RESULTS_VERSION}: compare it with the program that wrote it.`,
    );
  try {
    return side(file, object(content, 'it'));
  } catch (error) {
    if (error instanceof HarnessError)
      throw new HarnessError('BAD_FILE', `${file} is damaged: ${error.message}. Run the conformance suites again.`);
    throw error;
  }
}

/** Text of a file; `what` names it in the error. */
export function readText(file: string, what: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new HarnessError(
      'BAD_FILE',
      `${what} ${file} cannot be read (${code === 'ENOENT' ? 'there is no such file' : (code ?? 'unknown cause')}): give the path of one.`,
    );
  }
}

function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
}

function parse(content: string, file: string): unknown {
  try {
    return JSON.parse(content) as unknown;
  } catch {
    throw new HarnessError('BAD_FILE', `${file} is no JSON: give the results.json of a run's report folder.`);
  }
}

function side(file: string, content: Readonly<Record<string, unknown>>): Side {
  const run = object(content['run'], 'run');
  const environment = object(content['environment'], 'environment');
  const scenarios = list(content['scenarios'], 'scenarios').map((item, index) => scenario(item, `scenarios[${index}]`));
  return {
    file,
    run: {
      id: words(run['id'], 'run.id'),
      startedAt: text(run['startedAt'], 'run.startedAt'),
      error: optional(run['error'], 'run.error', text),
      interrupted: run['interrupted'] === true,
    },
    facts: factsOf(environment),
    faults: list(environment['faults'], 'environment.faults').map((fault, index) =>
      text(fault, `environment.faults[${index}]`),
    ),
    digests: record(environment['digests'], 'environment.digests', text),
    scenarios: unique(scenarios, ({ id }) => id, 'scenarios'),
  };
}

function factsOf(environment: Readonly<Record<string, unknown>>): Readonly<Record<string, string>> {
  const values = new Map<string, Set<string>>();
  for (const [index, item] of list(environment['clusters'], 'environment.clusters').entries()) {
    const at = `environment.clusters[${index}]`;
    for (const [name, value] of Object.entries(object(object(item, at)['facts'], `${at}.facts`)))
      values.set(name, (values.get(name) ?? new Set()).add(text(value, `${at}.facts.${name}`)));
  }
  const own = ['cluster', 'aws', 'region', 'harness', 'node', 'platform'].map((name) => {
    const value = environment[name];
    // A run that could not provision knows no region.
    return [name, value === '' ? 'unknown' : text(value, `environment.${name}`)];
  });
  return Object.fromEntries([...[...values].map(([name, all]) => [name, [...all].join(', ')]), ...own]) as Record<
    string,
    string
  >;
}

function scenario(item: unknown, at: string): SideScenario {
  const values = object(item, at);
  const durations = object(values['durations'], `${at}.durations`);
  const probes = list(values['probes'], `${at}.probes`).map((probe, index) => probeOf(probe, `${at}.probes[${index}]`));
  return {
    id: scenarioId(values['id'], `${at}.id`),
    suite: text(values['suite'], `${at}.suite`),
    title: text(values['title'], `${at}.title`),
    verdict: oneOf(values['verdict'], VERDICTS, `${at}.verdict`),
    reason: text(values['reason'], `${at}.reason`),
    durations: {
      arranging: whole(durations['arranging'], 0, `${at}.durations.arranging`),
      probing: whole(durations['probing'], 0, `${at}.durations.probing`),
    },
    probes: unique(probes, ({ number }) => number, `${at}.probes`),
  };
}

function probeOf(item: unknown, at: string): SideProbe {
  const values = object(item, at);
  const expected = object(values['expected'], `${at}.expected`);
  return {
    number: whole(values['number'], 0, `${at}.number`),
    workload: optional(values['workload'], `${at}.workload`, text),
    operation: text(values['operation'], `${at}.operation`),
    verdict: oneOf(values['verdict'], PROBE_VERDICTS, `${at}.verdict`),
    reason: text(values['reason'], `${at}.reason`),
    expectedFacts:
      optional(expected['facts'], `${at}.expected.facts`, (facts, where) => record(facts, where, matcher)) ?? {},
    observed: optional(values['observed'], `${at}.observed`, observed),
  };
}

function observed(value: unknown, at: string): NonNullable<SideProbe['observed']> {
  const values = object(value, at);
  return {
    outcome: text(values['outcome'], `${at}.outcome`),
    layer: optional(values['layer'], `${at}.layer`, text),
    code: optional(values['code'], `${at}.code`, text),
    status: optional(values['status'], `${at}.status`, (status, where) => whole(status, 0, where)),
    identity: optional(values['identity'], `${at}.identity`, (identity, where) =>
      text(object(identity, where)['arn'], `${where}.arn`),
    ),
    facts: optional(values['facts'], `${at}.facts`, (facts, where) => record(facts, where, scalar)) ?? {},
  };
}

function matcher(value: unknown, at: string): FactMatcher {
  if (typeof value !== 'object') return scalar(value, at);
  const { absent, between, matches } = object(value, at);
  if (absent === true) return { absent };
  if (Array.isArray(between) && between.length === 2 && between.every((bound) => typeof bound === 'number'))
    return { between: between as unknown as readonly [number, number] };
  if (typeof matches === 'string' && isPattern(matches)) return { matches };
  throw new HarnessError(
    'BAD_FILE',
    `${at} must be a value, {absent: true}, {between: [low, high]} or {matches: pattern}`,
  );
}

function isPattern(source: string): boolean {
  try {
    new RegExp(source);
    return true;
  } catch {
    return false;
  }
}

function unique<K, V>(values: readonly V[], key: (value: V) => K, at: string): ReadonlyMap<K, V> {
  const map = new Map<K, V>();
  for (const value of values) {
    if (map.has(key(value))) throw new HarnessError('BAD_FILE', `${at} has ${String(key(value))} twice`);
    map.set(key(value), value);
  }
  return map;
}
