import { EKSClient, ListClustersCommand } from '@aws-sdk/client-eks';
import { CreateRoleCommand, DeleteRoleCommand, IAMClient, ListRolesCommand } from '@aws-sdk/client-iam';
import { ListBucketsCommand, S3Client } from '@aws-sdk/client-s3';
import { expect } from 'chai';
import type { ServiceName } from '../core/service.ts';
import { slowEmulator, errorSummary, type ErrorSummary } from '../../test/support/emulator/slow.ts';
import { trust } from '../../test/support/emulator/iam.ts';
import { testSession } from '../../test/support/emulator/session.ts';

const TWO_AT_ONCE = { perSecond: 1, burst: 2 };
const EVERY_SERVICE = {
  iam: TWO_AT_ONCE,
  sts: TWO_AT_ONCE,
  eks: TWO_AT_ONCE,
  'eks-auth': TWO_AT_ONCE,
  ec2: TWO_AT_ONCE,
  s3: TWO_AT_ONCE,
};

describe('throttling', () => {
  let slow: Awaited<ReturnType<typeof slowEmulator>>;
  beforeEach(async () => {
    slow = await slowEmulator({ throttling: EVERY_SERVICE, pace: 60 });
  });
  afterEach(() => slow.emulator.close());

  const errors: readonly [ServiceName, ErrorSummary][] = [
    ['iam', { code: 'Throttling', message: 'Rate exceeded', status: 400 }],
    ['sts', { code: 'Throttling', message: 'Rate exceeded', status: 400 }],
    ['eks', { code: 'ThrottlingException', message: 'Rate exceeded', status: 429 }],
    ['eks-auth', { code: 'ThrottlingException', message: 'Rate exceeded', status: 429 }],
    ['ec2', { code: 'RequestLimitExceeded', message: 'Request limit exceeded.', status: 503 }],
    ['s3', { code: 'SlowDown', message: 'Please reduce your request rate.', status: 503 }],
  ];
  for (const [service, error] of errors) {
    it(`returns ${service}'s error until the bucket is refilled, at any pace`, async () => {
      const { call, emulator, time } = slow;
      const throttled = async () => (await call(service)).status === error.status;
      const good = await call(service);
      expect([good.status === error.status, await throttled()]).to.deep.equal([false, false]);
      expect(await call(service)).to.deep.equal(error);
      const record = emulator.calls().at(-1);
      expect(record).to.include({ service, errorCode: error.code, status: error.status });
      expect(record?.operation).to.equal(emulator.calls()[0]?.operation).and.not.to.equal('Unknown');
      expect(record?.authorizations).to.deep.equal([]);

      time.pass(999);
      expect(await throttled()).to.equal(true);
      time.pass(1);
      expect([await throttled(), await throttled()]).to.deep.equal([false, true]);
      // The bucket holds at most the burst.
      time.pass(60_000);
      expect([await throttled(), await throttled(), await throttled()]).to.deep.equal([false, false, true]);
    });
  }

  it('precedes authorization, and counts per service and account', async () => {
    const { call, emulator, world } = slow;
    const { credentials } = testSession(world);
    const codes = [];
    for (let count = 0; count < 3; count += 1) codes.push((await call('iam', credentials)).code);
    expect(codes).to.deep.equal(['AccessDenied', 'AccessDenied', 'Throttling']);
    expect((await call('iam')).code).to.equal('Throttling');
    expect((await call('eks')).status).to.equal(200);
    expect((await call('iam', emulator.createAccount('444455556666'))).status).to.equal(200);
  });

  it('additionally counts each mutating operation separately', async () => {
    await slow.emulator.close();
    const changes = { perSecond: 1, burst: 1 };
    slow = await slowEmulator({ throttling: { iam: { perSecond: 1, burst: 6, changes } } });
    const iam = new IAMClient(slow.config(1));
    const codeOf = (sent: Promise<unknown>) =>
      sent.then(
        () => 'none',
        (error: Error) => error.name,
      );
    const AssumeRolePolicyDocument = trust({ Service: 'pods.eks.amazonaws.com' });
    const create = (RoleName: string) => iam.send(new CreateRoleCommand({ RoleName, AssumeRolePolicyDocument }));
    const remove = (RoleName: string) => iam.send(new DeleteRoleCommand({ RoleName }));
    const list = () => iam.send(new ListRolesCommand({}));
    const codes = [];
    for (const call of [() => create('a'), () => create('b'), () => remove('a'), list, list])
      codes.push(await codeOf(call()));
    expect(codes).to.deep.equal(['none', 'Throttling', 'none', 'none', 'none']);
    slow.time.pass(1000);
    expect(await codeOf(create('b'))).to.equal('none');
  });

  it('does not count calls with a wrong signature', async () => {
    const { call, emulator } = slow;
    for (let count = 0; count < 3; count += 1) {
      const forged = { ...emulator.administrator, secretAccessKey: 'another' };
      expect((await call('iam', forged)).code).to.equal('SignatureDoesNotMatch');
    }
    expect((await call('iam')).status).to.equal(200);
  });

  it('counts unsigned calls together, not per account', async () => {
    const codes = [];
    for (let count = 0; count < 3; count += 1) {
      codes.push((await errorSummary(await fetch(`${slow.emulator.endpoint}/data/key`))).code);
    }
    expect(codes).to.deep.equal(['NoSuchBucket', 'NoSuchBucket', 'SlowDown']);
    expect((await slow.call('s3')).status).to.equal(200);
  });

  const clients: readonly [string, () => Promise<{ readonly $metadata: { readonly attempts?: number } }>][] = [
    ['IAM', () => new IAMClient(slow.config(10)).send(new ListRolesCommand({}))],
    ['EKS', () => new EKSClient(slow.config(10)).send(new ListClustersCommand({}))],
    ['S3', () => new S3Client(slow.config(10)).send(new ListBucketsCommand({}))],
  ];
  for (const [name, call] of clients) {
    it(`is overcome by the retries of the SDK's ${name} client`, async () => {
      await call();
      await call();
      const third = call();
      const wasThrottled = () => slow.emulator.calls().some(({ status }) => status >= 400);
      while (!wasThrottled()) await new Promise((resolve) => setTimeout(resolve, 5));
      slow.time.pass(1000);
      expect((await third).$metadata.attempts).to.be.greaterThan(1);
    });
  }
});
