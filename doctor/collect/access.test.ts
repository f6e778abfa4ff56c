import { CreateBucketCommand, PutBucketPolicyCommand } from '@aws-sdk/client-s3';
import { CreatePodIdentityAssociationCommand } from '@aws-sdk/client-eks';
import { CreateRoleCommand, PutRolePolicyCommand } from '@aws-sdk/client-iam';
import { expect } from 'chai';
import { answerOf } from '../access/answer.ts';
import type { AccessAnswer } from '../access/answer.ts';
import { mapBounded } from '../../foundation/node/map-bounded.ts';
import { collectedCluster, ROLES, type CollectedCluster } from '../../test/support/collected-cluster.ts';
import { runConformance } from '../../test/support/run-cli.ts';
import { ClusterFacts } from '../facts/cluster-facts.ts';
import type { ClusterSnapshot } from '../snapshot/snapshot.ts';
import type { AccessScope } from './access.ts';
import { CALLS_PER_SECOND } from '../../aws/rate-limiter.ts';
import { ACCESS_CALLS, ALL_CALLS } from './calls.ts';
import { collect, policyDocument } from './index.ts';

const OBJECT = 'arn:aws:s3:::ledger-data/2025';
const SUBJECT = { namespace: 'payments', serviceAccount: 'ledger' };
const text = (...statements: readonly object[]): string =>
  JSON.stringify({ Version: '2012-10-17', Statement: statements.map((one) => ({ Effect: 'Allow', ...one })) });

describe('the collector of can', () => {
  let site: CollectedCluster;
  before(async () => {
    site = await collectedCluster();
    const { iam, s3 } = site.cloud.aws.clients('main');
    for (const Bucket of ['ledger-data', 'plain-data']) await s3.send(new CreateBucketCommand({ Bucket }));
    const statement = {
      Principal: { AWS: `${ROLES}/target` },
      Action: 's3:GetObject',
      Resource: `arn:aws:s3:::ledger-data/*`,
    };
    await s3.send(new PutBucketPolicyCommand({ Bucket: 'ledger-data', Policy: text(statement) }));
    await site.cloud.aws.clients('other').s3.send(new CreateBucketCommand({ Bucket: 'other-data' }));
    const inline = {
      RoleName: 'target',
      PolicyName: 'write',
      PolicyDocument: text({ Action: 's3:PutObject', Resource: '*' }),
    };
    await iam.send(new PutRolePolicyCommand(inline));
    await site.cloud.setPolicy(JSON.stringify(policyDocument(ALL_CALLS)));
  });
  after(() => site.close());

  async function collected(access: AccessScope): Promise<ClusterSnapshot & { readonly calls: readonly string[] }> {
    const earlier = site.cloud.calls().length;
    const kubeconfig = site.kubeconfig({ prod: { user: { token: site.token } } });
    const { clusters } = await collect({ ...site.options, kubeconfig, access });
    const calls = site.cloud.calls().slice(earlier);
    return { ...clusters[0]!, calls: calls.map(({ service, operation }) => `${service}:${operation}`) };
  }
  const gapsOf = ({ gaps }: ClusterSnapshot) => gaps.map(({ right, object, reason }) => `${right} ${object} ${reason}`);
  const answer = (snapshot: ClusterSnapshot, action: string): AccessAnswer =>
    answerOf(new ClusterFacts(snapshot), SUBJECT, { action, resource: OBJECT });

  it('reads the roles of one service account with their policies, and the bucket', async () => {
    const snapshot = await collected({ resources: [OBJECT], subject: SUBJECT });
    expect(gapsOf(snapshot)).to.deep.equal([]);
    const { roles = {}, buckets, instanceProfiles = {} } = snapshot.aws ?? {};
    const nodes = Object.values(instanceProfiles);
    expect(Object.keys(roles).filter((arn) => !nodes.includes(arn))).to.have.members([
      `${ROLES}/ledger`,
      `${ROLES}/target`,
    ]);
    expect(Object.keys(roles[`${ROLES}/target`]?.policies ?? {})).to.deep.equal(['write']);
    expect(buckets?.['ledger-data']).to.include({ accountId: '111122223333', key: null });
    expect(answer(snapshot, 's3:GetObject').value).to.equal('allowed');
    expect(answer(snapshot, 's3:DeleteObject').value).to.equal('denied');
  });

  it('reads all roles at once, and uses every right that it asks for', async () => {
    const resources = [OBJECT, ...['plain-data', 'other-data', 'no-data'].map((name) => `arn:aws:s3:::${name}/key`)];
    const snapshot = await collected({ resources });
    const { roles = {}, buckets } = snapshot.aws ?? {};
    expect(buckets?.['plain-data']).to.include({ policy: null });
    expect(buckets?.['other-data']).to.deep.equal({ name: 'other-data' });
    expect(buckets?.['no-data']).to.equal(null);
    expect(gapsOf(snapshot)).to.include('s3:GetBucketPolicy other-data another account');
    expect(Object.keys(roles)).to.include.members([`${ROLES}/ledger`, `${ROLES}/reports`, site.cloud.jobRoleArn]);
    const single = await collected({ resources: [OBJECT], subject: SUBJECT });
    const both = (name: string) => roles[`${ROLES}/${name}`];
    for (const name of ['ledger', 'target']) expect(both(name)).to.deep.equal(single.aws?.roles[`${ROLES}/${name}`]);
    expect(snapshot.calls).to.not.include('iam:GetRole');
    const used = new Set(
      // The emulated AWS has no API of Organizations.
      [...snapshot.calls, ...single.calls]
        .filter((call) => call !== 's3:Unknown')
        .map((call) =>
          call.replace('BucketEncryption', 'EncryptionConfiguration').replace('ListBuckets', 'ListAllMyBuckets'),
        ),
    );
    expect([...used]).to.include.members(Object.keys(ACCESS_CALLS));
    expect([...used].filter((call) => !Object.keys(ALL_CALLS).includes(call))).to.deep.equal([]);
  });

  for (const right of Object.keys(ACCESS_CALLS))
    it(`leaves a gap without ${right}`, async () => {
      const { Statement, ...rest } = policyDocument(ALL_CALLS);
      const less = Statement.map((one) => ({ ...one, Action: one.Action.filter((action) => action !== right) }));
      await site.cloud.setPolicy(JSON.stringify({ ...rest, Statement: less }));
      try {
        const snapshot = await collected({ resources: [OBJECT, 'arn:aws:s3:::other-data/key'] });
        expect(gapsOf(snapshot).join('\n')).to.contain(`${right} `).and.to.contain('AccessDenied');
        expect(snapshot.aws?.roles).to.include.keys(`${ROLES}/ledger`, `${ROLES}/target`);
        if (right === 's3:GetBucketPolicy') expect(answer(snapshot, 's3:GetObject').value).to.equal('unknown');
      } finally {
        await site.cloud.setPolicy(JSON.stringify(policyDocument(ALL_CALLS)));
      }
    });

  it('answers on the command line for a live cluster', async () => {
    const can = (...args: readonly string[]) =>
      runConformance({
        command: 'can',
        args: [...args, '--kubeconfig', site.kubeconfig({ prod: { user: { token: site.token } } })],
        env: { ...site.cloud.environment, COLUMNS: '200' },
        reports: 'own',
      });
    const endpoint = ['--aws-endpoint', site.cloud.emulator.endpoint];
    const read = await can('payments/ledger', 's3:GetObject', OBJECT, ...endpoint);
    expect(read.stdout, read.stderr).to.match(/^Allowed: payments\/ledger s3:GetObject/);
    expect(read.stdout).to.match(/^ {2}allowed +target role +/m);
    expect(read.exitCode).to.equal(0);
    const remove = await can('payments/ledger', 's3:DeleteObject', OBJECT, ...endpoint);
    expect(remove.exitCode).to.equal(1);
    const who = await can('--who', 's3:GetObject', OBJECT, ...endpoint);
    expect(who.stdout).to.contain(`payments/ledger  Pod Identity, ${ROLES}/ledger -> ${ROLES}/target`);
  });

  it('needs less than a minute for 300 roles, at the rates of AWS', async () => {
    const { iam, eks } = site.cloud.aws.clients('main');
    const trust = text({
      Principal: { Service: 'pods.eks.amazonaws.com' },
      Action: ['sts:AssumeRole', 'sts:TagSession'],
    });
    await mapBounded(
      Array.from({ length: 300 }, (_, index) => `many-${index}`),
      8,
      async (name) => {
        await iam.send(new CreateRoleCommand({ RoleName: name, AssumeRolePolicyDocument: trust }));
        const association = { clusterName: 'blue', namespace: 'payments', serviceAccount: name };
        await eks.send(new CreatePodIdentityAssociationCommand({ ...association, roleArn: `${ROLES}/${name}` }));
      },
    );
    const { calls, aws } = await collected({ resources: [OBJECT] });
    expect(aws?.associations).to.have.lengthOf(301);
    const seconds = (service: 'iam' | 'eks') =>
      calls.filter((call) => call.startsWith(`${service}:`)).length / CALLS_PER_SECOND[service];
    expect(Math.max(seconds('iam'), seconds('eks'))).to.be.lessThan(30);
  });
});
