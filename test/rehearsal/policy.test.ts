import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  AttachRolePolicyCommand,
  CreatePolicyCommand,
  CreateRoleCommand,
  IAMClient,
  PutRolePolicyCommand,
} from '@aws-sdk/client-iam';
import { CreateBucketCommand, GetObjectCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { AssumeRoleCommand, STSClient } from '@aws-sdk/client-sts';
import { expect } from 'chai';
import { KILLED_RUN, leaveBoundary, makeBoundary } from '../../scripts/policy/boundary.ts';
import { accountOf, inPlaces, type Places } from '../../scripts/cloud/generalize.ts';
import { outsidePolicy } from '../../scripts/cloud/outside.ts';
import { EVERYTHING, rehearsalCloud, type RehearsalCloud } from '../../scripts/cloud/cloud.ts';
import type { CliRun } from '../support/run-cli.ts';
import { rehearse, sweep } from './support.ts';

const iam = (name: string): string => readFileSync(join('docs', 'iam', name), 'utf8');
const POLICY = iam('nightly-policy.json');
const OTHER_POLICY = iam('other-account-policy.json');
const BOUNDARY = iam('permissions-boundary.json');

interface Statement {
  readonly Sid: string;
  readonly Action: readonly string[];
}
const { Statement: statements, ...rest } = JSON.parse(POLICY) as { readonly Statement: readonly Statement[] };

interface Account extends AsyncDisposable {
  readonly cloud: RehearsalCloud;
  readonly boundary: string;
  readonly places: Places;
  /** Titles of resources before the run. */
  readonly before: readonly string[];
}

/** Sets up an account as in docs/nightly.md. Omits the given statement from the policy. */
async function account(unavailable?: string): Promise<Account> {
  const cloud = await rehearsalCloud();
  const { emulator, otherAccountRole } = cloud;
  const places = { account: emulator.accountId, region: emulator.region, otherAccountRole };
  const policy = { ...rest, Statement: statements.filter(({ Sid }) => Sid !== unavailable) };
  const boundary = await makeBoundary(cloud, inPlaces(BOUNDARY, places));
  await cloud.setPolicy(inPlaces(JSON.stringify(policy), places));
  await cloud.setPolicy(inPlaces(OTHER_POLICY, { ...places, account: accountOf(otherAccountRole) }), 'other');
  const before = await cloud.inventory();
  return { cloud, boundary, places, before, [Symbol.asyncDispose]: () => cloud.close() };
}

/** Runs a night: a run that changes roles and objects of a bucket, and then a sweep that finds expired resources. */
async function night({ cloud, boundary, places }: Account): Promise<{ readonly run: CliRun; readonly swept: CliRun }> {
  const flags = ['--other-account-role', places.otherAccountRole];
  const run = await rehearse(cloud, {
    args: [
      ...flags,
      '--permissions-boundary',
      boundary,
      '--admin-principal-arn',
      places.otherAccountRole,
      '--retries',
      '0',
    ],
  });
  await leaveBoundary(cloud);
  return { run, swept: await sweep(cloud, { args: flags }) };
}

const S3_ANYTHING = JSON.stringify({
  Version: '2012-10-17',
  Statement: [{ Effect: 'Allow', Action: 's3:*', Resource: '*' }],
});
const trustOf = (account: string): string =>
  JSON.stringify({
    Version: '2012-10-17',
    Statement: [{ Effect: 'Allow', Principal: { AWS: `arn:aws:iam::${account}:root` }, Action: 'sts:AssumeRole' }],
  });
const credentialsOf = (environment: RehearsalCloud['environment']) => ({
  accessKeyId: environment['AWS_ACCESS_KEY_ID'] ?? '',
  secretAccessKey: environment['AWS_SECRET_ACCESS_KEY'] ?? '',
  sessionToken: environment['AWS_SESSION_TOKEN'] ?? '',
});

/** Number of concurrent nights, which mostly wait. */
const NIGHTS = 3;

/** Calls `work` for all names, some at a time. Returns the promise of each. */
function inTurns<T>(names: readonly string[], work: (name: string) => Promise<T>): ReadonlyMap<string, Promise<T>> {
  const lanes: Promise<unknown>[] = Array.from({ length: NIGHTS }, () => Promise.resolve());
  return new Map(
    names.map((name, index) => {
      const result = (lanes[index % NIGHTS] ?? Promise.resolve()).then(() => work(name));
      lanes[index % NIGHTS] = result.catch(() => undefined);
      return [name, result];
    }),
  );
}

describe('policy of the nightly job', () => {
  it('allows all calls of a night, which passes and leaves nothing', async () => {
    await using made = await account();
    const { run, swept } = await night(made);
    expect(run.exitCode, run.stderr).to.equal(0);
    expect(swept.exitCode, swept.stderr).to.equal(0);
    for (const job of [made.cloud, made.cloud.other]) expect(outsidePolicy(made.cloud.calls(), job)).to.deep.equal([]);
    expect(await made.cloud.inventory()).to.deep.equal(made.before);
  });

  it('requires the boundary for new roles, and the boundary denies access to other buckets', async () => {
    await using made = await account();
    const { cloud, boundary, places } = made;
    const options = { region: places.region, endpoint: cloud.emulator.endpoint };
    const asJob = { ...options, credentials: credentialsOf(cloud.environment) };
    const [job, jobSts] = [new IAMClient(asJob), new STSClient(asJob)];
    const role = { RoleName: 'conformance-c012345-canary', AssumeRolePolicyDocument: trustOf(places.account) };
    const refusal = await job.send(new CreateRoleCommand(role)).catch((error: Error) => error);
    expect(refusal).to.include({ name: 'AccessDenied' });
    expect((refusal as Error).message).to.include('iam:CreateRole');
    await job.send(new CreateRoleCommand({ ...role, PermissionsBoundary: boundary }));
    const anything = { RoleName: role.RoleName, PolicyName: 'all', PolicyDocument: S3_ANYTHING };
    await job.send(new PutRolePolicyCommand(anything));
    const { s3 } = cloud.aws.clients('main');
    for (const Bucket of ['conformance-c012345-data', 'another']) {
      await s3.send(
        new CreateBucketCommand({ Bucket, CreateBucketConfiguration: { LocationConstraint: 'us-west-2' } }),
      );
      await s3.send(new PutObjectCommand({ Bucket, Key: 'key', Body: 'an object' }));
    }
    const RoleArn = `arn:aws:iam::${places.account}:role/${role.RoleName}`;
    const { Credentials } = await jobSts.send(new AssumeRoleCommand({ RoleArn, RoleSessionName: 'app' }));
    const ofRole = new S3Client({
      ...options,
      forcePathStyle: true,
      credentials: {
        accessKeyId: Credentials?.AccessKeyId ?? '',
        secretAccessKey: Credentials?.SecretAccessKey ?? '',
        sessionToken: Credentials?.SessionToken ?? '',
      },
    });
    const get = (Bucket: string) => ofRole.send(new GetObjectCommand({ Bucket, Key: 'key' }));
    expect((await get('conformance-c012345-data')).$metadata.httpStatusCode).to.equal(200);
    expect(await get('another').catch((error: Error) => error)).to.include({ name: 'AccessDenied' });
  });

  it('allows clusters in Auto Mode only with the additional policy', async () => {
    await using made = await account();
    const { cloud, boundary, places } = made;
    const run = () =>
      rehearse(cloud, { args: ['--permissions-boundary', boundary, '--compute', 'auto-mode', '--retries', '0'] });
    const refused = await run();
    expect(refused.exitCode, refused.stderr).to.be.oneOf([2, 3]);
    expect(refused.stderr).to.include('iam:AttachRolePolicy');
    const { iam: administrator } = cloud.aws.clients('main');
    const PolicyDocument = inPlaces(iam('auto-mode-policy.json'), places);
    const further = await administrator.send(new CreatePolicyCommand({ PolicyName: 'auto-mode', PolicyDocument }));
    const attach = { RoleName: cloud.jobRoleName, PolicyArn: further.Policy?.Arn };
    await administrator.send(new AttachRolePolicyCommand(attach));
    // The job may not detach policies that it may not attach, so the roles were left and reported.
    const id = /\bc[0-9a-f]{6}\b/.exec(refused.stderr)?.[0] ?? '';
    const swept = await sweep(cloud, { args: ['--run', id] });
    expect(swept.exitCode, swept.stderr).to.equal(0);
    const passed = await run();
    expect(passed.exitCode, passed.stderr).to.equal(0);
    expect(await cloud.inventory()).to.have.members([...made.before, 'policy auto-mode']);
  });

  let nights: ReadonlyMap<string, Promise<void>>;
  before(() => {
    nights = inTurns(
      statements.map(({ Sid }) => Sid),
      failingNight,
    );
    // Each test awaits its own night.
    for (const one of nights.values()) one.catch(() => undefined);
  });
  for (const { Sid } of statements)
    it(`requires ${Sid}: without it, a night fails and names the denied action`, () => nights.get(Sid));
});

/** Runs a night without a statement. Throws if the night does not fail as expected. */
async function failingNight(unavailable: string): Promise<void> {
  const actions = statements.find(({ Sid }) => Sid === unavailable)?.Action ?? [];
  await using made = await account(unavailable);
  const { run, swept } = await night(made);
  const failed = run.exitCode !== 0 ? run : swept;
  const output = failed.stdout + failed.stderr;
  expect(failed.exitCode, output).to.be.oneOf([2, 3]);
  const sentences = output.split('\n').filter((line) => line.includes('docs/nightly.md'));
  expect(
    actions.some((action) => sentences.some((line) => line.includes(action))),
    output,
  ).to.equal(true);
  // Checks that a night without denied calls is significant.
  expect(outsidePolicy(made.cloud.calls(), made.cloud)).not.to.deep.equal([]);
  const left = (await made.cloud.inventory()).filter(
    (title) => !made.before.includes(title) && !title.includes(KILLED_RUN),
  );
  // Such as `role conformance-c012345-c1-node`.
  for (const title of left) expect(output).to.include(/conformance-\S+|oidc-provider\S+/.exec(title)?.[0] ?? title);
  if (left.length === 0) return;
  // A job with all rights can sweep the leftovers.
  await made.cloud.setPolicy(EVERYTHING);
  const id = /\bc[0-9a-f]{6}\b/.exec(output)?.[0] ?? '';
  // Sweeps the named run, and then expired resources.
  for (const which of [['--run', id], []]) {
    const again = await sweep(made.cloud, { args: ['--other-account-role', made.places.otherAccountRole, ...which] });
    expect(again.exitCode, again.stderr).to.equal(0);
  }
  expect(await made.cloud.inventory()).to.deep.equal(made.before);
}
