import type { ProbeOutcome, RunResults, ScenarioResult } from '../../harness/results/results.ts';
import { allow, podIdentityRole } from '../../harness/scenario/policy.ts';
import { denied, getObject, granted } from '../../harness/operations/index.ts';
import type { Scenario, ScenarioSpec } from '../../harness/scenario/spec.ts';

/** Returns a scenario of one workload with a role, for tests. */
export function aScenario(spec: Partial<ScenarioSpec> = {}, id = 'AB-01', suite = 'abac'): Scenario {
  return {
    id,
    suite,
    title: `the title of ${id}`,
    file: `suites/${suite}.ts`,
    spec: {
      roles: { app: podIdentityRole(allow('s3:GetObject', 'data/red/*')) },
      workloads: { red: { role: 'app' } },
      objects: ['data/red/key'],
      probes: [
        granted('red', getObject('data/red/key')),
        denied('red', getObject('data/blue/key'), { by: 's3', code: 'AccessDenied', policy: 'identity' }),
      ],
      ...spec,
    },
  };
}

/** Returns the outcome of a probe, for tests. */
export function anOutcome(values: Partial<ProbeOutcome> = {}): ProbeOutcome {
  return {
    number: 0,
    workload: 'red',
    operation: 'GetObject s3://data/red/key',
    control: false,
    expected: { text: 'granted as role app', outcome: 'granted' },
    observed: { outcome: 'granted' },
    verdict: 'passed',
    reason: 'Granted, as expected.',
    milliseconds: 3,
    ...values,
  };
}

export function aResult(values: Partial<ScenarioResult> = {}): ScenarioResult {
  return {
    id: 'AB-01',
    suite: 'abac',
    title: 'a title',
    file: 'suites/abac.ts',
    verdict: 'passed',
    reason: 'The probe had the expected result.',
    errorCode: null,
    finding: null,
    source: null,
    attempts: 1,
    durations: { arranging: 10, probing: 20, teardown: 1 },
    probes: [anOutcome()],
    attachments: [],
    timeline: [],
    calls: [],
    policies: [],
    ...values,
  };
}

export function someResults(
  scenarios: readonly ScenarioResult[],
  summary: RunResults['summary'],
  run: Partial<RunResults['run']> = {},
): RunResults {
  return {
    version: 2,
    run: {
      id: 'cabcdef',
      startedAt: '2026-01-02T03:04:05.678Z',
      endedAt: '2026-01-02T03:04:06.678Z',
      milliseconds: 1000,
      firstVerdictMilliseconds: 500,
      exitCode: 0,
      error: null,
      interrupted: false,
      ...run,
    },
    configuration: {},
    environment: {
      harness: '0.1.0',
      node: 'v20.19.0',
      platform: 'linux x64',
      cluster: 'embedded',
      aws: 'emulator',
      region: 'us-west-2',
      endpoints: {},
      services: ['s3', 'iam', 'sts', 'eks', 'eks-auth'],
      clusters: [],
      digests: {},
      faults: [],
      translations: [],
    },
    aws: { calls: { total: 1234, retries: 12, throttled: 3, byOperation: { 'iam:CreateRole': 1234 } } },
    phases: { provisioning: 1, scenarios: 2, arranging: 3, probing: 4, teardown: 5, podMedian: null },
    scenarios,
    summary,
  };
}
