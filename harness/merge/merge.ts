import { createHash } from 'node:crypto';
import { cpSync, existsSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { EXIT, HarnessError, type ExitCode } from '../../foundation/node/errors.ts';
import type { Run } from '../results/read-results.ts';
import { exitCodeOf, tooLittleRan } from '../engine/conclusion.ts';
import { coverageProblem } from '../results/text.ts';
import {
  summarize,
  type Attachment,
  type PolicyCoverage,
  type RunResults,
  type ScenarioResult,
} from '../results/results.ts';
import { joinedCoverage } from '../policies/coverage.ts';
import { coverageIn } from '../report/page.ts';
import { COVERAGE_FILE } from '../report/write.ts';
import { shardsOf, type ShardRun } from './check.ts';

/**
 * Merges the results of shards. Phases and total time are those of the longest shard. `coverage`: the joined policy
 * coverage. Throws `HarnessError` BAD_FILE.
 */
export function mergeResults(runs: readonly Run[], coverage?: PolicyCoverage): RunResults {
  const shards = shardsOf(runs);
  const [first] = shards;
  if (first === undefined) throw new Error('No results to merge.');
  const all = shards.map(({ results }) => results);
  // An aborted run has not recorded its whole environment.
  const { results: oneOf } = shards.find(({ results }) => results.environment.services.length > 0) ?? first;
  const { policyCoverage: _ofShard, ...base } = oneOf;
  const { policies: _policies, ...policyCoverage } = coverage ?? {};
  const scenarios = Object.keys(first.shard.scenarios).flatMap((id) => scenarioOf(shards, id) ?? []);
  const gate = gateOf(all);
  const whole = {
    ...base,
    run: mergeRuns(shards),
    scenarios,
    ...(coverage && { policyCoverage: policyCoverage as NonNullable<RunResults['policyCoverage']> }),
  };
  return {
    ...whole,
    run: { ...whole.run, ...outcomeOf(shards, scenarios, gate, coverageProblem(whole)?.exitCode) },
    configuration: {
      ...base.configuration,
      shard: { value: null, origin: 'default' },
      times: { value: null, origin: 'default' },
    },
    environment: { ...base.environment, clusters: clustersOf(all) },
    aws: callsOf(all),
    phases: phasesOf(all),
    ...(gate && { gate }),
    summary: summarize(scenarios),
  };
}

/** Returns a scenario's result with the id of its run, which is part of its resource names. */
function scenarioOf(shards: readonly ShardRun[], id: string): ScenarioResult | undefined {
  for (const { results } of shards) {
    const scenarioResult = results.scenarios.find((scenario) => scenario.id === id);
    if (scenarioResult !== undefined) return { ...scenarioResult, run: results.run.id };
  }
  return undefined;
}

function mergeRuns(shards: readonly ShardRun[]): Omit<RunResults['run'], 'exitCode' | 'error'> {
  const all = shards.map(({ results }) => results.run);
  const ids = all.map(({ id }) => id);
  const first = all.flatMap(({ firstVerdictMilliseconds }) => firstVerdictMilliseconds ?? []);
  const sorted = (times: readonly string[]): readonly string[] =>
    times.toSorted((a, b) => Date.parse(a) - Date.parse(b));
  const [profile] = all.map((run) => run.profile);
  return {
    id: `c${createHash('sha256').update(ids.join()).digest('hex').slice(0, 6)}`,
    ...(profile && { profile }),
    shards: ids,
    startedAt: sorted(all.map(({ startedAt }) => startedAt))[0] ?? '',
    endedAt: sorted(all.map(({ endedAt }) => endedAt)).at(-1) ?? '',
    milliseconds: Math.max(...all.map(({ milliseconds }) => milliseconds)),
    firstVerdictMilliseconds: first.length === 0 ? null : Math.min(...first),
    interrupted: all.some(({ interrupted }) => interrupted),
  };
}

/** Returns the exit code and error of the whole run. Also checks that enough was judged, which shards do not check. */
function outcomeOf(
  shards: readonly ShardRun[],
  scenarios: readonly ScenarioResult[],
  gate: RunResults['gate'],
  coverageCode: ExitCode | undefined,
): Pick<RunResults['run'], 'exitCode' | 'error'> {
  const failed = shards.filter(({ results }) => results.run.error !== null);
  const interrupted = shards.some(({ results }) => results.run.interrupted);
  const [{ results }] = shards as [ShardRun];
  const endpoints = results.configuration['aws-endpoint']?.value;
  const isElsewhere = Array.isArray(endpoints) && endpoints.length > 0;
  const passWithNone = results.configuration['pass-with-no-scenarios']?.value === true;
  const tooLittle =
    failed.length > 0 || interrupted || passWithNone
      ? undefined
      : tooLittleRan(scenarios, results.run.profile, isElsewhere);
  const isUsage = failed.length > 0 && failed.every((shard) => shard.results.run.exitCode === EXIT.usage);
  const code: ExitCode | undefined = failed.length > 0 || tooLittle ? EXIT.environment : coverageCode;
  const errors = failed.map((shard) => `Shard ${shard.shard.index}: ${shard.results.run.error}`);
  return {
    exitCode: exitCodeOf(scenarios, isUsage ? EXIT.usage : code, interrupted, gate),
    error: tooLittle?.message ?? (errors.length === 0 ? null : errors.join(' ')),
  };
}

function gateOf(all: readonly RunResults[]): RunResults['gate'] {
  const gates = all.flatMap(({ gate }) => gate ?? []);
  return (
    gates[0] && {
      file: gates[0].file,
      problems: gates.flatMap(({ problems }) => problems),
      warnings: gates.flatMap(({ warnings }) => warnings),
    }
  );
}

/** Returns one cluster per alias, because the shards' clusters of one alias count as one. */
function clustersOf(all: readonly RunResults[]): RunResults['environment']['clusters'] {
  const clusters = all.flatMap(({ environment }) => environment.clusters);
  return [...new Map(clusters.toReversed().map((cluster) => [cluster.alias, cluster])).values()].sort((a, b) =>
    a.alias < b.alias ? -1 : 1,
  );
}

function callsOf(all: readonly RunResults[]): RunResults['aws'] {
  const calls = all.flatMap(({ aws }) => aws?.calls ?? []);
  if (calls.length === 0) return null;
  const sum = (count: 'total' | 'retries' | 'throttled'): number => calls.reduce((total, one) => total + one[count], 0);
  const byOperation: Record<string, number> = {};
  for (const [name, count] of calls.flatMap((one) => Object.entries(one.byOperation)))
    byOperation[name] = (byOperation[name] ?? 0) + count;
  return { calls: { total: sum('total'), retries: sum('retries'), throttled: sum('throttled'), byOperation } };
}

/** Merges the phases. The merged `podMedian` is unknown. */
function phasesOf(all: readonly RunResults[]): RunResults['phases'] {
  const timesOf = (name: 'provisioning' | 'scenarios' | 'arranging' | 'probing' | 'teardown'): readonly number[] =>
    all.map(({ phases }) => phases[name]);
  const sum = (times: readonly number[]): number => times.reduce((total, time) => total + time, 0);
  return {
    provisioning: Math.max(...timesOf('provisioning')),
    scenarios: Math.max(...timesOf('scenarios')),
    arranging: sum(timesOf('arranging')),
    probing: sum(timesOf('probing')),
    teardown: Math.max(...timesOf('teardown')),
    podMedian: null,
  };
}

/** Joins the policy coverage of shards. Throws `HarnessError` BAD_FILE if a shard has some, but not its file. */
export function coverageOf(runs: readonly Run[]): PolicyCoverage | undefined {
  const shards = runs.flatMap(({ file, results }) => {
    if (results.policyCoverage === undefined) return [];
    const { policyCoverage } = coverageIn(dirname(file));
    if (policyCoverage === undefined)
      throw new HarnessError(
        'BAD_FILE',
        `${file} has policy coverage, but ${COVERAGE_FILE} is missing next to it. Copy the whole report folder.`,
      );
    return [policyCoverage];
  });
  return shards.length === 0 ? undefined : joinedCoverage(shards);
}

/** Copies the shards' attachments; returns the results without missing ones. */
export function withAttachments(results: RunResults, runs: readonly Run[], directory: string): RunResults {
  const folders = new Map(runs.map(({ file, results: { run } }) => [run.id, dirname(file)]));
  const copied = ({ path }: Attachment, from: string): boolean => {
    const source = join(from, path);
    if (relative(from, source).startsWith('..') || !existsSync(source)) return false;
    cpSync(source, join(directory, path));
    return true;
  };
  const scenarios = results.scenarios.map((scenario) => ({
    ...scenario,
    attachments: scenario.attachments.filter((item) => copied(item, folders.get(scenario.run ?? '') ?? '')),
  }));
  return { ...results, scenarios };
}
