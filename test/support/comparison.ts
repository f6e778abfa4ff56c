import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv2020 } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import { expect } from 'chai';
import { executed } from './executed.ts';
import type { Comparison } from '../../harness/compare/compare.ts';
import type { RunResults } from '../../harness/results/results.ts';
import { runConformance, temporaryFolder } from './run-cli.ts';

/* For tests of `npm run compare`: results of real runs, modified results, and their comparison. */

const ajv = new Ajv2020({ allErrors: true, allowUnionTypes: true });
addFormats.default(ajv);
const valid = ajv.compile(JSON.parse(readFileSync('harness/compare/compare.schema.json', 'utf8')) as object);

/** Scenarios with role identities, node identities and none, with denials, refusals, and facts of all kinds of expectations. */
export const SCENARIOS = [
  'PI-01',
  'PI-02',
  'PI-03',
  'PI-07',
  'CO-01',
  'IR-02',
  'WH-01',
  'WH-02',
  'WH-03',
  'WH-07',
  'AP-02',
];

export type Mutable<T> = T extends object ? { -readonly [K in keyof T]: Mutable<T[K]> } : T;
export type Results = Mutable<RunResults>;
type ScenarioOf = Results['scenarios'][number];

export const copy = (results: RunResults): Results => structuredClone(results) as Results;

export function scenarioOf(results: Results, id: string): ScenarioOf {
  const found = results.scenarios.find((scenario) => scenario.id === id);
  if (!found) throw new Error(`no ${id}`);
  return found;
}

export const probeOf = (results: Results, id: string, number: number): ScenarioOf['probes'][number] =>
  scenarioOf(results, id).probes[number]!;

export const observedIn = (
  results: Results,
  id: string,
  number: number,
): Mutable<NonNullable<ScenarioOf['probes'][number]['observed']>> => probeOf(results, id, number).observed as never;

export function file(content: unknown, name = 'results.json'): string {
  const path = join(temporaryFolder(), name);
  writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content));
  return path;
}

export interface Command {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

export async function command(args: readonly string[], environment: Record<string, string> = {}): Promise<Command> {
  const { code: exitCode, out: stdout, err: stderr } = await executed('compare', args, { environment });
  return { exitCode, stdout, stderr };
}

export type Written = Pick<Comparison, 'scenarios' | 'stale' | 'summary' | 'medians' | 'unlike'> & {
  readonly exitCode: number;
};

/** Compares two results or files. Returns compare.json, which must match its schema, and the output. */
export async function compared(
  a: RunResults | string,
  b: RunResults | string,
  ...args: readonly string[]
): Promise<Command & { readonly json: Written }> {
  const output = join(temporaryFolder(), 'new', 'output');
  const [fileA, fileB] = [a, b].map((side) => (typeof side === 'string' ? side : file(side))) as [string, string];
  const done = await command([fileA, fileB, '--output', output, ...args]);
  expect(done.exitCode, done.stderr).not.to.equal(2);
  const json = JSON.parse(readFileSync(join(output, 'compare.json'), 'utf8')) as Written;
  expect(valid(json), ajv.errorsText(valid.errors)).to.equal(true);
  expect(json.exitCode).to.equal(done.exitCode);
  return { ...done, json };
}

/** Returns differences as `PI-07 2 status: 403, 500 (known)`: scenario, number of the probe from 1, field and values. */
export const differences = ({ scenarios }: Written): readonly string[] =>
  scenarios.flatMap(({ id, differences: found }) =>
    found.map(
      ({ probe, field, a, b, known }) =>
        `${id}${probe === null ? '' : ` ${probe + 1}`} ${field}: ${String(a)}, ${String(b)}${known === null ? '' : ' (known)'}`,
    ),
  );

/** Returns the results of a real run of these scenarios on embedded clusters. */
export async function realResults(...args: readonly string[]): Promise<RunResults> {
  const { results, stderr } = await runConformance({ args: ['--quiet', '--scenario', SCENARIOS.join(), ...args] });
  if (!results) throw new Error(stderr);
  expect(results.scenarios).to.have.length(SCENARIOS.length);
  return results;
}

/** Returns the results with another run id. */
const anotherRun = (results: RunResults): RunResults =>
  JSON.parse(JSON.stringify(results).replaceAll(results.run.id, 'c0ffee0')) as RunResults;

/** Returns the results as if they were from kind, with a change. */
function onKindCluster(results: RunResults, change: (results: Results) => void = () => undefined): RunResults {
  const changed = copy(results);
  changed.environment.cluster = 'kind';
  for (const cluster of changed.environment.clusters) cluster.facts = { ...cluster.facts, agentImage: 'agent:0.1.37' };
  change(changed);
  return changed;
}

/** Provides results for the tests of a `describe` block: of a real run, of another run, and changed ones as of kind. */
export function comparedRuns(another: (first: RunResults) => RunResults | Promise<RunResults> = anotherRun): {
  readonly first: RunResults;
  readonly second: RunResults;
  readonly onKind: (change?: (results: Results) => void) => RunResults;
} {
  let first: RunResults;
  let second: RunResults;
  before(async () => {
    first = await realResults();
    second = await another(first);
  });
  return {
    get first() {
      return first;
    },
    get second() {
      return second;
    },
    onKind: (change) => onKindCluster(second, change),
  };
}
