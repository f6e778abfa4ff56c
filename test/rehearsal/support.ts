import { expect } from 'chai';
import { rehearsalCloud, type RehearsalCloud } from '../../scripts/cloud/cloud.ts';
import { runConformance, type CliOptions, type CliRun } from '../support/run-cli.ts';
import { expectNoSecrets } from '../support/secrets.ts';
import { PASSES, scenario, suiteFile } from '../support/suites.ts';
import { until } from '../support/until.ts';

/** Milliseconds that AWS takes for each operation: none, so that operations are complete when calls return. */
const AT_ONCE = {
  createCluster: 0,
  deleteCluster: 0,
  createNodegroup: 0,
  deleteNodegroup: 0,
  createAddon: 0,
  deleteAddon: 0,
  iam: 0,
  listing: 0,
  reuse: 0,
};

/** Milliseconds that AWS takes for each operation: few, but operations complete after calls return. */
export const DELAYS = {
  ...AT_ONCE,
  createCluster: 1,
  deleteCluster: 1,
  createNodegroup: 1,
  deleteNodegroup: 1,
  createAddon: 1,
  deleteAddon: 1,
};

export const ONE_SCENARIO = { 'mine.ts': suiteFile(scenario('MY-01', PASSES)) };

export interface RehearsedOptions extends CliOptions {
  /** Endpoint of AWS. Default: the emulator. */
  readonly endpoint?: string;
}

/** Runs `npm run conformance -- --cluster eks` with the job's credentials, by default with one scenario that passes. */
export async function rehearse(cloud: RehearsalCloud, options: RehearsedOptions = {}): Promise<CliRun> {
  const { args = [], env = {}, files = ONE_SCENARIO, endpoint = cloud.emulator.endpoint, ...others } = options;
  return runConformance({
    ...others,
    files,
    args: ['--cluster', 'eks', '--aws-endpoint', endpoint, '--suite', 'mine', ...args],
    env: { ...cloud.environment, ...env },
  });
}

/** Runs `npm run sweep -- --cluster eks` with the job's credentials. */
export async function sweep(cloud: RehearsalCloud, options: CliOptions = {}): Promise<CliRun> {
  return runConformance({
    command: 'sweep',
    reports: 'own',
    args: ['--cluster', 'eks', '--aws-endpoint', cloud.emulator.endpoint, ...(options.args ?? [])],
    env: { ...cloud.environment, ...options.env },
  });
}

/** Expects an exit code, a message on one line of standard error, and no secrets in the output. */
export function expectSentence(cloud: RehearsalCloud, run: CliRun, exitCode: number, sentence: RegExp): void {
  expect(run.exitCode, run.stderr).to.equal(exitCode);
  expect(
    run.stderr.split('\n').filter((line) => sentence.test(line)),
    run.stderr,
  ).to.have.lengthOf(1);
  expect(run.stderr).not.to.match(/^\s+at /m);
  expectNoSecrets(run, secretsOf(cloud));
}

/** Returns the job's secrets. */
export const secretsOf = ({ environment }: RehearsalCloud): readonly string[] =>
  ['AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY', 'AWS_SESSION_TOKEN'].map((name) => environment[name] ?? 'none');

/** Returns the job's environment without credentials. */
export const withoutCredentials = (cloud: RehearsalCloud): Readonly<Record<string, string>> =>
  Object.fromEntries(
    Object.entries(cloud.environment).map(([name, value]) => [name, /KEY|TOKEN/.test(name) ? '' : value]),
  );

/** Stages of a run, by the last call that AWS received. The delays make the stage long enough to stop the run during it. */
export const POINTS = [
  { when: 'while its cluster is created', operation: 'CreateCluster', delays: { createCluster: 1500 } },
  { when: 'while nodes are created', operation: 'CreateNodegroup', delays: { createNodegroup: 1500 } },
  { when: 'while scenarios are arranged', operation: 'CreatePodIdentityAssociation', delays: {} },
  { when: 'while it runs probes', operation: 'GetObject', delays: {} },
  { when: 'while it tears down', operation: 'DeleteNodegroup', delays: { deleteNodegroup: 1500 } },
] as const;

/** Returns a cloud in which probes take a second, and the given EKS operations some time. */
export async function slowCloud(slow: Partial<typeof AT_ONCE> = {}): Promise<RehearsalCloud> {
  const cloud = await rehearsalCloud({ settings: { delays: { ...AT_ONCE, ...slow } } });
  cloud.aws.controls?.addDisturbance({ service: 's3', operation: 'GetObject', delayMilliseconds: 1000 });
  return cloud;
}

/** Runs scenarios, and sends a signal when AWS has received a call of the operation. */
export async function stopped(
  cloud: RehearsalCloud,
  operation: string,
  signal: NodeJS.Signals,
  options: RehearsedOptions = {},
): Promise<CliRun> {
  return rehearse(cloud, {
    ...options,
    started: (send) => {
      void until(() => cloud.calls().some((call) => call.operation === operation)).then(() => send(signal));
    },
  });
}
