import { expect } from 'chai';
import { rehearsalCloud, type RehearsalCloud } from '../../scripts/rehearsal/cloud.ts';
import { runConformance, type CliOptions, type CliRun } from '../support/run-cli.ts';
import { expectNoSecrets } from '../support/secrets.ts';
import { PASSES, scenario, suiteFile } from '../support/suites.ts';
import { until } from '../support/until.ts';

/** Milliseconds that AWS takes for each: none, and its calls answer when it is done. */
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

/** Milliseconds that AWS takes for each: hardly any, and yet after the answer. */
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
  /** Where the command finds AWS, when it is not the emulator itself. */
  readonly endpoint?: string;
}

/** `npm run conformance -- --cluster eks` with the job's credentials, with one scenario that passes unless told otherwise. */
export async function rehearse(cloud: RehearsalCloud, options: RehearsedOptions = {}): Promise<CliRun> {
  const { args = [], env = {}, files = ONE_SCENARIO, endpoint = cloud.emulator.endpoint, ...others } = options;
  return runConformance({
    ...others,
    files,
    args: ['--cluster', 'eks', '--aws-endpoint', endpoint, '--suite', 'mine', ...args],
    env: { ...cloud.environment, ...env },
  });
}

/** `npm run sweep -- --cluster eks` with the job's credentials. */
export async function sweep(cloud: RehearsalCloud, options: CliOptions = {}): Promise<CliRun> {
  return runConformance({
    command: 'sweep',
    reports: 'own',
    args: ['--cluster', 'eks', '--aws-endpoint', cloud.emulator.endpoint, ...(options.args ?? [])],
    env: { ...cloud.environment, ...options.env },
  });
}

/** Fails unless the command said this in one line of standard error, ended with this code, and told no secret. */
export function expectSentence(cloud: RehearsalCloud, run: CliRun, exitCode: number, sentence: RegExp): void {
  expect(run.exitCode, run.stderr).to.equal(exitCode);
  expect(
    run.stderr.split('\n').filter((line) => sentence.test(line)),
    run.stderr,
  ).to.have.lengthOf(1);
  expect(run.stderr).not.to.match(/^\s+at /m);
  expectNoSecrets(run, secretsOf(cloud));
}

/** The job's secrets. */
export const secretsOf = ({ environment }: RehearsalCloud): readonly string[] =>
  ['AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY', 'AWS_SESSION_TOKEN'].map((name) => environment[name] ?? 'none');

/** The job's environment without credentials. */
export const withoutCredentials = (cloud: RehearsalCloud): Readonly<Record<string, string>> =>
  Object.fromEntries(
    Object.entries(cloud.environment).map(([name, value]) => [name, /KEY|TOKEN/.test(name) ? '' : value]),
  );

/** Where a run is, by the last call that AWS saw of it; what takes long enough then that it is stopped in the middle. */
export const POINTS = [
  { when: 'while its cluster is made', operation: 'CreateCluster', delays: { createCluster: 1500 } },
  { when: 'while nodes are made', operation: 'CreateNodegroup', delays: { createNodegroup: 1500 } },
  { when: 'while scenarios are arranged', operation: 'CreatePodIdentityAssociation', delays: {} },
  { when: 'while it probes', operation: 'GetObject', delays: {} },
  { when: 'while it tears down', operation: 'DeleteNodegroup', delays: { deleteNodegroup: 1500 } },
] as const;

/** A cloud in which probes take a second, and some of what EKS does a while. */
export async function slowCloud(slow: Partial<typeof AT_ONCE> = {}): Promise<RehearsalCloud> {
  const cloud = await rehearsalCloud({ settings: { delays: { ...AT_ONCE, ...slow } } });
  cloud.aws.controls?.addDisturbance({ service: 's3', operation: 'GetObject', delayMilliseconds: 1000 });
  return cloud;
}

/** A run that is sent a signal when AWS has been asked for an operation. */
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
