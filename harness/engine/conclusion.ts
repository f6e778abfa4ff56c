import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { PROFILES, type ProfileName } from '../scenario/profiles.ts';
import { chosenProfile } from '../plan/select.ts';
import { AWS_SERVICES } from '../../aws/service-names.ts';
import type { Configuration } from '../config/configuration.ts';
import { EXIT, HarnessError, isUsage, type ExitCode } from '../../foundation/node/errors.ts';
import { factsOf } from '../results/read-results.ts';
import { reportOf, type GatedRun } from '../gate/apply-gate.ts';
import { median } from '../results/median.ts';
import { isFine, RESULTS_VERSION, summarize, type RunResults, type ScenarioResult } from '../results/results.ts';
import { coverageProblem } from '../results/text.ts';
import { reasonOf } from './scenario-result.ts';
import { environmentsOf, resultsOf, type Session } from './session.ts';

export function conclude(session: Session): RunResults {
  const { options, id, startedAt, firstVerdict, phases, opened, failure, runnerResults } = session;
  const results = resultsOf(session);
  // With --keep, Ctrl-C ends a run that is already over.
  const interrupted = options.interrupted.aborted && !session.isOver;
  const gate = options.gate && reportOf(options.gate, results, gatedRun(session));
  const { policies: _policies, ...coverage } = session.policyCoverage ?? {};
  const policyCoverage = session.policyCoverage && (coverage as NonNullable<RunResults['policyCoverage']>);
  const configuration = Object.fromEntries(
    [...options.configuration.values].map(([name, { value, origin }]) => [name, { value: value ?? null, origin }]),
  );
  const problem = coverageProblem({
    ...{ configuration, scenarios: results, run: options },
    ...(policyCoverage && { policyCoverage }),
  });
  const podTimes = environmentsOf(session).flatMap(({ environment }) => environment.podTimes);
  return {
    version: RESULTS_VERSION,
    run: {
      id,
      profile: chosenProfile(options.configuration),
      ...(options.shard && { shard: options.shard }),
      startedAt: startedAt.toISOString(),
      endedAt: new Date().toISOString(),
      milliseconds: Math.round(performance.now() - session.started - session.idle),
      firstVerdictMilliseconds: firstVerdict ?? null,
      exitCode: exitCodeOf(results, failureCode(failure) ?? problem?.exitCode, interrupted, gate),
      error: failure === undefined || (interrupted && !(failure instanceof HarnessError)) ? null : reasonOf(failure),
      interrupted,
    },
    configuration,
    environment: runnerResults?.environment ?? describeEnvironment(session),
    aws: runnerResults?.aws ?? (opened === undefined ? null : { calls: opened.environment.aws.callCounts() }),
    phases: {
      provisioning: Math.round(phases.provisioning),
      scenarios: runnerResults?.phases.scenarios ?? Math.round(phases.scenarios),
      arranging: results.reduce((sum, item) => sum + item.durations.arranging, 0),
      probing: results.reduce((sum, item) => sum + item.durations.probing, 0),
      teardown: Math.round(phases.teardown),
      podMedian: runnerResults?.phases.podMedian ?? (podTimes.length === 0 ? null : Math.round(median(podTimes))),
    },
    scenarios: results,
    ...(gate && { gate }),
    ...(policyCoverage && { policyCoverage }),
    summary: summarize(results),
  };
}

/** Returns an error if the run judged too few scenarios of its profile. Shards are checked when they are merged. */
export function nothingRan({ options, signal }: Session, results: readonly ScenarioResult[]): HarnessError | undefined {
  const { configuration, shard } = options;
  if (shard !== undefined || signal.aborted || configuration.flag('pass-with-no-scenarios')) return undefined;
  return tooLittleRan(results, chosenProfile(configuration), configuration.list('aws-endpoint').length > 0);
}

/** Returns an error if too few scenarios were judged. `isElsewhere`: suites that were skipped entirely do not count. */
export function tooLittleRan(
  results: readonly ScenarioResult[],
  profile: RunResults['run']['profile'],
  isElsewhere = false,
): HarnessError | undefined {
  if (results.length === 0) return undefined;
  const answering = new Set(results.flatMap(({ suite, verdict }) => (verdict === 'skipped' ? [] : [suite])));
  if (answering.size > 0) {
    const judged = results.filter(({ verdict }) => verdict === 'passed' || verdict === 'failed').length;
    const selected = isElsewhere ? results.filter(({ suite }) => answering.has(suite)) : results;
    return profile && tooLittleJudged(profile, selected.length, judged);
  }
  const what = results.length === 1 ? 'The only scenario was' : `All ${results.length} scenarios were`;
  return new HarnessError(
    'NOTHING_RAN',
    `${what} skipped, so nothing was judged. Select other scenarios, or use a cluster and an AWS that meet their requirements. To pass anyway, use --pass-with-no-scenarios.`,
  );
}

export function tooLittleJudged(
  { name, narrowed }: NonNullable<RunResults['run']['profile']>,
  selected: number,
  judged: number,
): HarnessError | undefined {
  const least = Math.ceil(selected * (PROFILES[name as ProfileName]?.leastJudged ?? 0));
  if (narrowed || judged >= least) return undefined;
  return new HarnessError(
    'TOO_LITTLE_RAN',
    `Profile ${name} requires verdicts for ${least} of its ${selected} scenarios, but only ${judged} were judged. Use a cluster and an AWS that meet the requirements of the others, or select scenarios with --suite, --scenario or --grep.`,
  );
}

/** The configured AWS of a run that did not reach it. */
function awsOf(configuration: Configuration): RunResults['environment']['aws'] {
  if (configuration.list('aws-endpoint').length > 0) return 'endpoint';
  return configuration.cluster.aws === 'account' ? 'aws' : 'emulator';
}

/** The exit code for verdicts, a gate and failures (docs/command-line.md). */
export function exitCodeOf(
  results: readonly ScenarioResult[],
  failure: ExitCode | undefined,
  interrupted: boolean,
  gate?: RunResults['gate'],
): ExitCode {
  if (interrupted) return EXIT.interrupted;
  const bad = results.filter((item) => !isFine(item));
  if (bad.some((item) => item.verdict === 'failed') || (gate?.problems ?? []).length > 0) return EXIT.doesNotConform;
  if (failure !== undefined) return failure;
  // Only errors and inconclusive results are left.
  if (bad.some((item) => !isUsage(item.errorCode))) return EXIT.environment;
  return bad.length > 0 ? EXIT.usage : EXIT.conforms;
}

function failureCode(failure: unknown): ExitCode | undefined {
  if (failure === undefined) return undefined;
  return failure instanceof HarnessError ? failure.exitCode : EXIT.environment;
}

export const gatedRun = (session: Session): GatedRun => ({
  id: session.id,
  facts: factsOf(placeOf(session)),
  today: new Date().toISOString().slice(0, 10),
});

const describeEnvironment = (session: Session): RunResults['environment'] => ({
  ...placeOf(session),
  digests: Object.fromEntries(
    session.options.programs.map((file) => [
      file.replace(/^.*\/dist\//s, ''),
      createHash('sha256').update(readFileSync(file)).digest('hex'),
    ]),
  ),
});

function placeOf({ options, opened }: Session): Omit<RunResults['environment'], 'digests'> {
  const { configuration, version } = options;
  const clusters = [...(opened?.environment.clusters.values() ?? [])];
  const aws = opened?.environment.aws;
  return {
    harness: version,
    node: process.version,
    platform: `${process.platform} ${process.arch}`,
    cluster: configuration.cluster.name,
    aws: aws?.name ?? awsOf(configuration),
    region: aws?.region ?? '',
    endpoints: { ...aws?.endpoints },
    services: aws === undefined ? [] : (aws.services ?? AWS_SERVICES),
    clusters: clusters.map(({ alias, cluster }) => ({ alias, name: cluster.name, facts: cluster.facts })),
    faults: configuration.list('fault'),
    translations: opened?.translations ?? [],
  };
}
