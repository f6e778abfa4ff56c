import { expect } from 'chai';
import { HERE, iamWorld, root, sessionOf, THERE, trust } from '../../test/support/emulator/iam.ts';
import { testS3 } from '../../test/support/emulator/s3.ts';
import { queryCaller } from '../../test/support/emulator/query.ts';
import { serviceContext } from '../world/service-context.ts';
import { disturbances } from '../world/disturbances.ts';
import { iamService } from './index.ts';

const arn = (rest: string): string => `arn:aws:iam::${HERE}:${rest}`;
const PODS = trust({ Service: 'pods.eks.amazonaws.com' });
const AN_ID = 'AROAEXAMPLEEXAMPLEXXX';

describe('principals in trust policies', () => {
  const refused: readonly (readonly [principal: unknown, message: string])[] = [
    [{ Service: 'pod.eks.amazonaws.com' }, 'Invalid principal in policy: "SERVICE":"pod.eks.amazonaws.com"'],
    [{ Service: 'amazonaws.com' }, 'Invalid principal in policy: "SERVICE":"amazonaws.com"'],
    [{ Service: ['ec2.amazonaws.com', 'eks.amazonaws.com.cn'] }, '"SERVICE":"eks.amazonaws.com.cn"'],
    [{ AWS: arn('assumed-role/app/session') }, `"AWS":"${arn('assumed-role/app/session')}"`],
    [{ AWS: `arn:aws:sts::${HERE}:role/app` }, `"AWS":"arn:aws:sts::${HERE}:role/app"`],
    [{ AWS: `arn:aws:sts::${HERE}:assumed-role/app` }, `"AWS":"arn:aws:sts::${HERE}:assumed-role/app"`],
    [{ AWS: `arn:aws:sts::${HERE}:root` }, `"AWS":"arn:aws:sts::${HERE}:root"`],
    [{ AWS: arn('group/admins') }, `"AWS":"${arn('group/admins')}"`],
    [{ AWS: `arn:aws-cn:iam::${HERE}:role/app` }, `"AWS":"arn:aws-cn:iam::${HERE}:role/app"`],
    [{ AWS: arn('user/nobody') }, `"AWS":"${arn('user/nobody')}"`],
    [{ AWS: AN_ID }, `"AWS":"${AN_ID}"`],
    ['*', 'AssumeRolepolicy contained an invalid principal: "STAR":"*".'],
    [{ CanonicalUser: 'abc' }, '"CANONICALUSER":"abc"'],
    [
      { Federated: `arn:aws:iam//${HERE}:oidc-provider/example.com` },
      'Federated principals must be valid domain names or SAML metadata ARNs',
    ],
  ];
  for (const [principal, message] of refused) {
    it(`are rejected: ${JSON.stringify(principal)}`, async () => {
      const { iam, must } = iamWorld();
      await must('CreateRole', { RoleName: 'app', AssumeRolePolicyDocument: PODS });
      const made = await iam('CreateRole', { RoleName: 'other', AssumeRolePolicyDocument: trust(principal) });
      expect(made).to.include({ status: 400, code: 'MalformedPolicyDocument' });
      expect(made.message).to.contain(message);
      const updated = await iam('UpdateAssumeRolePolicy', { RoleName: 'app', PolicyDocument: trust(principal) });
      expect(updated.message).to.equal(made.message);
    });
  }

  const taken: readonly unknown[] = [
    { Service: ['pods.eks.amazonaws.com', 'states.us-west-2.amazonaws.com'] },
    { Service: ['capabilities.eks.amazonaws.com', 'tasks.apprunner.amazonaws.com', 'export.rds.amazonaws.com'] },
    { AWS: ['*', HERE, arn('root'), arn('role/app'), `arn:aws:sts::${HERE}:assumed-role/app/session`] },
    { Federated: ['cognito-identity.amazonaws.com', arn('oidc-provider/example.com/id')] },
  ];
  for (const principal of taken) {
    it(`are accepted: ${JSON.stringify(principal)}`, async () => {
      const { must } = iamWorld();
      await must('CreateRole', { RoleName: 'app', AssumeRolePolicyDocument: PODS });
      await must('CreateRole', { RoleName: 'other', AssumeRolePolicyDocument: trust(principal) });
    });
  }

  it('that are unknown services are recorded with the nearest known one, and can be added', async () => {
    const made = iamWorld();
    const role = { RoleName: 'app', AssumeRolePolicyDocument: trust({ Service: 'pod.eks.amazonaws.com' }) };
    const { request } = await made.iam('CreateRole', role);
    expect(made.context.trace(request).notes.join()).to.match(
      /^"pod\.eks\.amazonaws\.com" is not a known service principal .* nearest is pods\.eks\.amazonaws\.com$/,
    );
    await iamWorld({ servicePrincipals: ['pod.eks.amazonaws.com'] }).must('CreateRole', role);
  });
});

describe('principals in bucket policies', () => {
  const RESOURCE = 'arn:aws:s3:::data/*';
  const policy = (principal: unknown, element = 'Principal'): string =>
    JSON.stringify({
      Statement: { Effect: 'Deny', [element]: principal, Action: 's3:GetObject', Resource: RESOURCE },
    });

  async function bucket() {
    const s3 = testS3();
    s3.createAccount(THERE);
    const iam = queryCaller(iamService(serviceContext(s3.world, disturbances())), '2010-05-08');
    const body =
      '<CreateBucketConfiguration><LocationConstraint>us-west-2</LocationConstraint></CreateBucketConfiguration>';
    await s3.call(s3.root, 'PUT', '/data', { body });
    await iam(root(HERE), 'CreateRole', { RoleName: 'app', AssumeRolePolicyDocument: PODS });
    const put = (text: string) => s3.call(s3.root, 'PUT', '/data?policy', { body: text });
    const stored = async () => JSON.parse((await s3.call(s3.root, 'GET', '/data?policy')).body) as unknown;
    return { s3, iam, put, stored };
  }

  const refused: readonly unknown[] = [
    { AWS: arn('assumed-role/app/session') },
    { AWS: `arn:aws:sts::${HERE}:role/app` },
    { AWS: [arn('role/app'), arn('user/nobody')] },
    { AWS: arn('role/path/app') },
    { AWS: AN_ID },
    { CanonicalUser: '0'.repeat(64) },
    { Federated: 'arn:aws:iam//' },
  ];
  for (const principal of refused) {
    for (const element of ['Principal', 'NotPrincipal']) {
      it(`are rejected: ${element} ${JSON.stringify(principal)}`, async () => {
        const { put } = await bucket();
        const { status, code, message } = await put(policy(principal, element));
        expect([status, code, message]).to.deep.equal([400, 'MalformedPolicy', 'Invalid principal in policy']);
      });
    }
  }

  it('that do not exist appear in the call record', async () => {
    const { put } = await bucket();
    const { trace } = await put(policy({ AWS: [arn('role/app'), arn('user/nobody')] }));
    expect(trace.notes).to.deep.equal([
      `the bucket policy names the principal "${arn('user/nobody')}", which does not exist`,
    ]);
  });

  it('are shown as the account for a canonical user', async () => {
    const { s3, put, stored } = await bucket();
    const owned = (await s3.call(s3.root, 'GET', '/')).body;
    const id = /<Owner><ID>(\w+)<\/ID>/.exec(owned)?.[1];
    expect((await put(policy({ CanonicalUser: id, Service: 'logging.s3.amazonaws.com' }))).status).to.equal(204);
    expect(await stored())
      .to.have.nested.property('Statement.Principal')
      .that.deep.equals({
        AWS: arn('root'),
        Service: 'logging.s3.amazonaws.com',
      });
  });

  it('are shown as the unique id of a deleted role, also after the role was recreated', async () => {
    const { s3, iam, put, stored } = await bucket();
    expect((await put(policy({ AWS: [arn('role/app'), HERE] }))).status).to.equal(204);
    const before = sessionOf(s3, 'app');
    await iam(root(HERE), 'DeleteRole', { RoleName: 'app' });
    await iam(root(HERE), 'CreateRole', { RoleName: 'app', AssumeRolePolicyDocument: PODS });
    const [id] = before.userId.split(':');
    expect(await stored())
      .to.have.nested.property('Statement.Principal.AWS')
      .that.deep.equals([id, HERE]);
    expect(sessionOf(s3, 'app').userId).not.to.contain(id);
    // AWS also rejects a new policy with such an id.
    expect((await put(policy({ AWS: id }))).message).to.equal('Invalid principal in policy');
  });

  it('grant nothing to a session of a deleted role, even if they name its ARN or everyone', async () => {
    const { s3, iam, put } = await bucket();
    const allow = (principal: unknown) => put(policy(principal).replace('Deny', 'Allow'));
    await s3.call(s3.root, 'PUT', '/data/key', { body: 'x' });
    const get = async (caller: ReturnType<typeof sessionOf>) => (await s3.call(caller, 'GET', '/data/key')).status;
    await allow({ AWS: arn('role/app') });
    const before = sessionOf(s3, 'app');
    expect(await get(before)).to.equal(200);
    await iam(root(HERE), 'DeleteRole', { RoleName: 'app' });
    expect(await get(before)).to.equal(403);
    await iam(root(HERE), 'CreateRole', { RoleName: 'app', AssumeRolePolicyDocument: PODS });
    await allow({ AWS: arn('role/app') });
    expect(await get(before)).to.equal(403);
    expect(await get(sessionOf(s3, 'app'))).to.equal(200);
    await s3.call(s3.root, 'DELETE', '/data?publicAccessBlock');
    expect((await allow('*')).status).to.equal(204);
    const refused = await s3.call(before, 'GET', '/data/key');
    expect(refused.status).to.equal(403);
    expect(refused.trace.notes).to.deep.equal([`the role of the session ${before.arn} was deleted`]);
  });
});
