import { HarnessError } from '../../foundation/node/errors.ts';
import { factsOf, type Run } from '../results/read-results.ts';
import type { Shard } from '../plan/shard.ts';

export interface ShardRun extends Run {
  readonly shard: Shard;
}

/** Options that do not affect results. */
const NEUTRAL_OPTIONS = [
  'shard',
  'times',
  'suites-dir',
  'report-dir',
  'reporter',
  'record',
  'config',
  'parallel',
  'keep',
];
const DISPLAY_OPTIONS = ['quiet', 'verbose', 'no-color'];
const MACHINE_FACTS = ['docker', 'kernel', 'context'];

/** Returns the shards in order. Throws `HarnessError` BAD_FILE if they are not all shards of one run. */
export function shardsOf(runs: readonly Run[]): readonly ShardRun[] {
  const shards = runs.map((run): ShardRun => {
    const { shard } = run.results.run;
    if (shard === undefined)
      throw wrong(
        `${run.file} is not the result of a shard: run with --shard I/N, and give the results of all N shards.`,
      );
    return { ...run, shard };
  });
  shards.sort((a, b) => a.shard.index - b.shard.index);
  const [first] = shards;
  if (first === undefined) return [];
  const pairs = shards.slice(1).map((shard, index) => [shards[index] ?? first, shard] as const);
  for (const check of [checkChoice, checkParts, checkSettings, checkSubjects])
    for (const [one, other] of pairs) check(one, other);
  checkWhole(shards, first.shard.count);
  for (const shard of shards) checkScenarios(shard);
  return shards;
}

function checkChoice(one: ShardRun, other: ShardRun): void {
  if (one.shard.count !== other.shard.count)
    throw wrong(
      `${one.file} is shard ${nameOf(one)} and ${other.file} is shard ${nameOf(other)}: give shards of one run.`,
    );
  if (one.shard.digest !== other.shard.digest)
    throw wrong(`${one.file} and ${other.file} are shards of different suites or selections: give shards of one run.`);
}

function checkParts(one: ShardRun, other: ShardRun): void {
  const moved = Object.entries(one.shard.scenarios).find(([id, index]) => other.shard.scenarios[id] !== index);
  if (moved !== undefined)
    throw wrong(
      `${one.file} and ${other.file} were balanced by different times (${moved[0]} is in shard ${moved[1]} of one and ${other.shard.scenarios[moved[0]]} of the other): run all shards with the same --times.`,
    );
  if (one.shard.index === other.shard.index)
    throw wrong(`${one.file} and ${other.file} are both shard ${nameOf(one)}: give each shard once.`);
}

function checkSettings(one: ShardRun, other: ShardRun): void {
  const valuesOf = ({ results }: ShardRun): Values =>
    new Map(
      Object.entries(results.configuration)
        .filter(([name]) => !NEUTRAL_OPTIONS.includes(name) && !DISPLAY_OPTIONS.includes(name))
        .map(([name, { value }]) => [`--${name}`, value]),
    );
  checkSame(one, other, valuesOf, 'ran with different settings');
}

function checkSubjects(one: ShardRun, other: ShardRun): void {
  const valuesOf = ({ results: { environment } }: ShardRun): Values => {
    const { endpoints, services, digests, faults, clusters } = environment;
    const facts = Object.entries(factsOf({ ...environment, clusters: clusters.slice(0, 1) }));
    return new Map<string, unknown>([
      ...facts.filter(([name, value]) => !MACHINE_FACTS.includes(name) && value !== 'unknown'),
      ...(services.length === 0 ? [] : Object.entries({ endpoints, services, faults })),
      ...Object.entries(digests),
    ]);
  };
  checkSame(one, other, valuesOf, 'ran on different subjects');
}

type Values = ReadonlyMap<string, unknown>;

/** Throws `HarnessError` if values differ. A value that one run lacks, such as an aborted one, matches any value. */
function checkSame(one: ShardRun, other: ShardRun, valuesOf: (run: ShardRun) => Values, what: string): void {
  const [values, others] = [valuesOf(one), valuesOf(other)];
  for (const [name, value] of values) {
    const [a, b] = [value, others.has(name) ? others.get(name) : value].map((item) => JSON.stringify(item));
    if (a !== b) throw wrong(`${one.file} and ${other.file} ${what} (${name}: ${a} and ${b}): give shards of one run.`);
  }
}

function checkWhole(shards: readonly ShardRun[], count: number): void {
  const indexes = shards.map(({ shard }) => shard.index);
  const missing = Array.from({ length: count }, (_, index) => index + 1).filter((index) => !indexes.includes(index));
  if (missing.length > 0)
    throw wrong(
      `Shard ${missing.map((index) => `${index}/${count}`).join(', ')} is missing: give the results of all shards.`,
    );
}

/** Checks that a shard has its own scenarios, and all of them unless its run was aborted. */
function checkScenarios({ file, results: { run, scenarios }, shard }: ShardRun): void {
  const ids = scenarios.map(({ id }) => id);
  const shardIds = Object.keys(shard.scenarios).filter((id) => shard.scenarios[id] === shard.index);
  const wrongly = ids.find((id) => !shardIds.includes(id));
  const missing = run.error === null ? shardIds.find((id) => !ids.includes(id)) : undefined;
  if (wrongly !== undefined)
    throw wrong(`${file} is damaged: ${wrongly} belongs to another shard. Run this shard again.`);
  if (missing !== undefined) throw wrong(`${file} is damaged: it lacks ${missing} of its shard. Run this shard again.`);
}

const nameOf = ({ shard: { index, count } }: ShardRun): string => `${index}/${count}`;

const wrong = (message: string): HarnessError => new HarnessError('BAD_FILE', message);
