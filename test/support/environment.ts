import type { AwsTarget } from '../../harness/aws-target/target.ts';
import { Resources } from '../../foundation/aws/resources.ts';
import { KeyedMutex } from '../../foundation/node/keyed-mutex.ts';
import {
  createScenarioContext,
  type Environment,
  type ScenarioContext,
} from '../../harness/scenario/scenario-context.ts';
import type { Scenario } from '../../harness/scenario/spec.ts';

export const RUN = 'cabcdef';

/** Returns the environment of a run without clusters, for tests. */
export function anEnvironment(aws: AwsTarget, values: Partial<Environment> = {}): Environment {
  const arn = (name: string): string => `arn:aws:eks:${aws.region}:${aws.accountId('main')}:cluster/${name}`;
  return {
    run: RUN,
    tags: { 'conformance-run': RUN, 'conformance-expires': '2026-01-01T00:00:00Z' },
    aws,
    announced: new Map([['c1', { name: `${RUN}-c1`, arn: arn(`${RUN}-c1`) }]]),
    clusters: new Map(),
    fixturesEndWith: 'nothing',
    podTimes: [],
    lateness: { between: () => 0, stop: () => undefined },
    kept: new Resources(),
    issuers: new KeyedMutex(),
    leftovers: [],
    ...values,
  };
}

/** Returns the world of a scenario's first attempt, for tests. */
export const aWorld = (
  scenario: Scenario,
  environment: Environment,
  signal: AbortSignal = new AbortController().signal,
): ScenarioContext => createScenarioContext(scenario, environment, 1, signal, new Resources());
