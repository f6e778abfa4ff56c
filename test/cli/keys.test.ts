import { expect } from 'chai';
import type { Loosening } from '../../harness/results/loosening.ts';
import { runInProcess } from '../support/run-cli.ts';

const suiteOf = (members: string): string =>
  `import { allow, deny, forPrincipal, getObject, granted, may, mayNot, podIdentityRole, suite, trustPodIdentity } from 'eks-pod-identity-conformance';

const VIA_S3 = { StringEquals: { 'kms:ViaService': 's3.<region:c1>.amazonaws.com' } };

suite('keys', ({ scenario }) => {
  scenario('KEY-01', 'keys of KMS', { ${members} });
});
`;

describe('scenarios with KMS keys', () => {
  it('arrange objects of keys that only a pod may use, and give requests the condition keys of the key', async () => {
    const suite = suiteOf(`
    roles: { app: podIdentityRole(allow('s3:*', 'data/*')) },
    workloads: { app: { role: 'app' } },
    keys: {
      own: { policy: forPrincipal('<role:app>', allow('kms:Decrypt', '*', { StringEquals: { 'aws:CalledViaLast': 's3.amazonaws.com' } })) },
      symmetric: { policy: forPrincipal('<role:app>', allow('kms:*', '*', { StringEquals: {
        'kms:KeySpec': 'SYMMETRIC_DEFAULT', 'kms:KeyUsage': 'ENCRYPT_DECRYPT', 'kms:KeyOrigin': 'AWS_KMS',
        'kms:EncryptionAlgorithm': 'SYMMETRIC_DEFAULT', 'kms:CallerAccount': '<account:main>' }, Bool: { 'kms:MultiRegion': 'false' } })) },
    },
    objects: [{ at: 'data/key', kmsKey: 'own' }],
    probes: [
      granted('app', getObject('data/key')),
      mayNot('app', 'kms:Decrypt', '<key:own>'),
      may('app', 'kms:Decrypt', '<key:symmetric>'),
      mayNot('app', 'kms:DescribeKey', '<key:symmetric>'),
    ],`);
    const { results, stderr } = await runInProcess({
      args: ['--quiet', '--suite', 'keys'],
      files: { 'keys.ts': suite },
    });
    expect(
      results?.scenarios.map(({ reason }) => reason),
      stderr,
    ).to.deep.equal(['All 4 probes had the expected results.']);
  });
});

describe('loosen of scenarios with KMS keys', () => {
  const states = async (members: string, ...args: readonly string[]): Promise<readonly string[]> => {
    const { stdout, stderr } = await runInProcess({
      command: 'loosen',
      args: ['--quiet', '--inline', '--format', 'json', ...args],
      files: { 'keys.ts': suiteOf(members) },
    });
    expect(stdout, stderr).to.match(/^\{/);
    const { changes } = JSON.parse(stdout) as Loosening;
    return changes.map(({ id, state, change }) => `${state}${id.includes('+') ? ` pair ${change}` : ''}`);
  };

  it('combines changes of a role and a key, but not of a trust policy and a key', async () => {
    const members = `
    roles: { app: {
      trust: [trustPodIdentity(), { ...trustPodIdentity(), conditions: { StringEquals: { 'aws:SourceAccount': '<account:main>' } } }],
      permissions: [allow('s3:*', 'data/*'), allow('kms:*', '<key:own>'), allow('kms:Decrypt', '<key:own>', VIA_S3)],
    } },
    workloads: { app: { role: 'app' } },
    keys: { own: { policy: [forPrincipal('<role:app>', allow('kms:*', '*')), forPrincipal('<role:app>', allow('kms:Decrypt', '*', VIA_S3))] } },
    objects: [{ at: 'data/key', kmsKey: 'own' }],
    probes: [granted('app', getObject('data/key'))],`;
    const result = await states(members, '--operator', 'drop-condition', '--pairs');
    expect(result).to.have.length(4);
    expect(result[3]).to.match(
      /^equivalent pair statement 3: .*ViaService is dropped, together .*ViaService is dropped$/,
    );
  });

  it('decides the keys of a scenario by their own policies only', async () => {
    const members = (policy: string): string => `
    roles: { app: podIdentityRole(allow('s3:GetObject', 'data/*'), allow('kms:Decrypt', '<key:closed>', VIA_S3)) },
    workloads: { app: { role: 'app' } },
    keys: { closed: { policy: forPrincipal('<account:main>', deny('kms:*', '*')) } },
    buckets: { data: {${policy}} },
    objects: ['data/key'],
    probes: [granted('app', getObject('data/key'))],`;
    const policy = "policy: forPrincipal('<role:app>', deny('s3:PutObject', 'data/*'))";
    expect(await states(members(policy), '--operator', 'drop-condition')).to.deep.equal(['equivalent']);
    expect(await states(members(''), '--operator', 'drop-condition')).to.deep.equal(['equivalent']);
  });

  it('finds what a key newly allows to roles of other accounts', async () => {
    const members = `
    roles: { app: podIdentityRole(allow('s3:*', 'data/*'), allow('kms:*', '<key:own>')) },
    workloads: { app: { role: 'app' } },
    keys: { own: { policy: forPrincipal('*', allow('kms:*', '*', { StringEquals: { 'aws:PrincipalAccount': '<account:main>' } })) } },
    objects: [{ at: 'data/key', kmsKey: 'own' }],
    probes: [granted('app', getObject('data/key'))],`;
    expect(await states(members, '--operator', 'drop-condition')).to.deep.equal(['unreachable']);
  });
});
