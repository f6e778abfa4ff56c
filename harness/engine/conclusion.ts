import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { AWS_SERVICES } from '../aws/target.ts';
import type { Configuration } from '../config/configuration.ts';
import { EXIT, HarnessError, isUsage, type ExitCode } from '../../foundation/errors.ts';
import type { RunResults, ScenarioResult } from '../report/results.ts';
import type { Provisioned } from './environment.ts';
import type { RunOptions } from './run.ts';

/** A run in which every scenario was skipped says nothing of its subject, and must not look as if it did. */
export function nothingRan(
  results: readonly ScenarioResult[],
  signal: AbortSignal,
  configuration: Configuration,
): HarnessError | undefined {
  const ran = results.some(({ verdict }) => verdict !== 'skipped');
  if (ran || results.length === 0 || signal.aborted || configuration.flag('pass-with-no-scenarios')) return undefined;
  const what = results.length === 1 ? 'The only scenario was' : `All ${results.length} scenarios were`;
  return new HarnessError(
    'NOTHING_RAN',
    `${what} skipped, so that nothing was judged: choose others, or a cluster and an AWS that have what they need (--pass-with-no-scenarios takes this for a pass).`,
  );
}

/** Where AWS was to be, of a run that did not get there. */
function awsOf(configuration: Configuration): RunResults['environment']['aws'] {
  if (configuration.list('aws-endpoint').length > 0) return 'endpoint';
  return configuration.cluster.aws === 'account' ? 'aws' : 'emulator';
}

/** The exit code that verdicts and failures come to (docs/command-line.md). */
export function exitCodeOf(results: readonly ScenarioResult[], failure: unknown, interrupted: boolean): ExitCode {
  if (interrupted) return EXIT.interrupted;
  if (results.some((item) => item.verdict === 'failed')) return EXIT.doesNotConform;
  if (failure instanceof HarnessError) return failure.exitCode;
  const open = results.filter((item) => item.verdict === 'error' || item.verdict === 'inconclusive');
  if (failure !== undefined || open.some((item) => !isUsage(item.errorCode))) return EXIT.environment;
  return open.length > 0 ? EXIT.usage : EXIT.conforms;
}

/** Where a run took place, as far as it got. */
export function describeEnvironment(
  { configuration, version, programs }: Pick<RunOptions, 'configuration' | 'version' | 'programs'>,
  provisioned: Provisioned | undefined,
): RunResults['environment'] {
  const clusters = [...(provisioned?.environment.clusters.values() ?? [])];
  const aws = provisioned?.environment.aws;
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
    digests: Object.fromEntries(
      programs.map((file) => [
        file.split('/dist/').at(-1) ?? file,
        createHash('sha256').update(readFileSync(file)).digest('hex'),
      ]),
    ),
    faults: configuration.list('fault'),
    translations: provisioned?.translations ?? [],
  };
}
