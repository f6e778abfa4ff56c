import { CreateRoleCommand, PutRolePolicyCommand } from '@aws-sdk/client-iam';
import { CreateBucketCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import { AssumeRoleCommand } from '@aws-sdk/client-sts';
import { expect } from 'chai';
import { startEmulator } from '../../emulator/index.ts';
import { emulatedAws } from '../aws/emulated.ts';
import type { AwsTarget } from '../aws/target.ts';
import { heldSession } from '../world/sessions.ts';
import type { ScenarioWorld } from '../world/world.ts';
import { anEnvironment, aWorld } from '../../test/support/environment.ts';
import { aScenario } from '../../test/support/scenarios.ts';
import { asSession } from './as-session.ts';
import { fetchCredentials } from './fetch-credentials.ts';
import { performOperation } from './perform.ts';
import { described } from './registry.ts';
import { getObject, putObject } from './s3.ts';
import { signedGet } from './signed-get.ts';
import { assumeRole, whoAmI } from './sts.ts';

const statement = (body: object): string => JSON.stringify({ Version: '2012-10-17', Statement: [body] });

describe("what the harness asks with a pod's session", () => {
  let aws: AwsTarget;
  let world: ScenarioWorld;
  before(async () => {
    aws = emulatedAws(await startEmulator());
    const { iam, s3, sts } = aws.clients('main');
    world = aWorld(aScenario({ workloads: { app: { role: 'app' } }, objects: ['data/key'] }), anEnvironment(aws));
    const { bucket } = world.names.place('data/key');
    await s3.send(new CreateBucketCommand({ Bucket: bucket }));
    await s3.send(new PutObjectCommand({ Bucket: bucket, Key: 'key', Body: 'four' }));
    const Principal = { AWS: aws.accountId('main') };
    const trust = statement({ Effect: 'Allow', Principal, Action: 'sts:AssumeRole' });
    const { Role } = await iam.send(new CreateRoleCommand({ RoleName: 'app', AssumeRolePolicyDocument: trust }));
    const PolicyDocument = statement({ Effect: 'Allow', Action: 's3:GetObject', Resource: `arn:aws:s3:::${bucket}/*` });
    await iam.send(new PutRolePolicyCommand({ RoleName: 'app', PolicyName: 'read', PolicyDocument }));
    const { Credentials } = await sts.send(new AssumeRoleCommand({ RoleArn: Role?.Arn, RoleSessionName: 'pod' }));
    const { AccessKeyId = '', SecretAccessKey = '', SessionToken = '' } = Credentials ?? {};
    const held = { accessKeyId: AccessKeyId, secretAccessKey: SecretAccessKey, sessionToken: SessionToken };
    world.sessions.set('app', heldSession(world, held));
  });
  after(() => aws.close());

  for (const [change, code] of [
    ['flip-signature', 'SignatureDoesNotMatch'],
    ['another-secret', 'SignatureDoesNotMatch'],
    ['another-path', 'SignatureDoesNotMatch'],
    ['another-query', 'SignatureDoesNotMatch'],
    ['another-method', 'SignatureDoesNotMatch'],
    ['unknown-key', 'InvalidAccessKeyId'],
    ['another-session-token', 'InvalidToken'],
    ['another-region', 'AuthorizationHeaderMalformed'],
    ['an-hour-ago', 'RequestTimeTooSkewed'],
    ['unsigned-header', 'AccessDenied'],
    ['unsigned', 'AccessDenied'],
    ['presigned-expired', 'AccessDenied'],
  ] as const)
    it(`is refused with ${code} where the signature is wrong in one thing: ${change}`, async () => {
      const result = await performOperation(world, signedGet('app', 'data/key', change), {});
      expect(result).to.include({ outcome: 'refused', layer: 's3', code });
    });

  for (const change of [undefined, 'presigned'] as const)
    it(`is granted where it is ${change ?? 'signed'} well`, async () => {
      const result = await performOperation(world, signedGet('app', 'data/key', change), {});
      expect(result).to.deep.include({ outcome: 'granted', status: 200, facts: { bytes: 4 } });
    });

  it('is asked as that session, and what a service denies is a refusal', async () => {
    const ask = async (call: Parameters<typeof asSession>[1]) => performOperation(world, asSession('app', call), {});
    expect((await ask(whoAmI())).facts?.['arn']).to.match(/:assumed-role\/app\/pod$/);
    expect(await ask(getObject('data/key'))).to.include({ outcome: 'granted' });
    const denied = { outcome: 'refused', code: 'AccessDenied', status: 403 };
    expect(await ask(putObject('data/key'))).to.include({ ...denied, layer: 's3' });
    expect(await ask(assumeRole('app'))).to.include({ ...denied, layer: 'sts' });
  });

  it('is an operation of S3 or STS', () => {
    const problems = (call: Parameters<typeof asSession>[1]): string => {
      const step = { kind: 'probe', operation: asSession('app', call) } as unknown as Parameters<typeof described>[0];
      const { item, descriptor } = described(step);
      return [...(descriptor.check?.(item) ?? [])].join();
    };
    expect(problems(getObject('data/key'))).to.equal('');
    expect(problems(fetchCredentials())).to.match(/^asSession makes no FetchCredentials: give/);
  });
});
