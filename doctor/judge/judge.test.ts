import { expect } from 'chai';
import type { Check } from '../checks/check.ts';
import type { AwsObjects } from '../snapshot/aws.ts';
import type { ClusterSnapshot, Gap, Right } from '../snapshot/snapshot.ts';
import { judge } from './judge.ts';

const AWS: AwsObjects = { region: 'us-west-2', roles: {}, instanceProfiles: {} };
const EKS: AwsObjects = { ...AWS, cluster: { name: 'blue', arn: 'arn', autoMode: false } };

const check = (rights: readonly Right[], find: Check['find'] = () => []): Check => ({
  id: 'PID999',
  title: 'Something is wrong',
  severity: 'warning',
  hops: ['token'],
  rights,
  observation: '',
  cause: '',
  effect: '',
  fix: 'Fix it.',
  source: '',
  find,
});

const cluster = (aws: AwsObjects | undefined, gaps: readonly Gap[] = []): ClusterSnapshot => ({
  context: 'prod',
  server: 'https://prod',
  takenAt: '2026-11-30T12:00:00Z',
  kubernetes: {},
  ...(aws && { aws }),
  gaps,
});

/** Why the check was not made; undefined if it was. `missing`: the right that is named, if it is another. */
function reason(right: Right, snapshot: ClusterSnapshot, missing = right): string | undefined {
  const { notChecked, passed } = judge({ version: 1, clusters: [snapshot] }, [check([right])]);
  expect(passed.length + notChecked.length).to.equal(1);
  expect(notChecked.map((one) => one.missing)).to.deep.equal(notChecked.length === 0 ? [] : [missing]);
  return notChecked[0]?.reason;
}

describe('judge', () => {
  it('does not make a check without one of its rights, and reports the reason', () => {
    expect(reason('list pods', cluster(EKS))).to.equal(undefined);
    expect(reason('list pods', cluster(EKS, [{ right: 'list pods', reason: 'Forbidden' }]))).to.equal('Forbidden');
    expect(
      reason('iam:GetRole', cluster(EKS, [{ right: 'iam:GetRole', reason: 'AccessDenied', object: 'arn' }])),
    ).to.equal(undefined);
  });

  it('makes no check of AWS if nothing in AWS was read', () => {
    const expired = { right: 'sts:GetCallerIdentity', reason: 'The AWS credentials have expired.' };
    expect(reason('iam:GetRole', cluster(undefined, [expired]), expired.right)).to.equal(expired.reason);
    expect(reason('list pods', cluster(undefined, [expired]))).to.equal(undefined);
    expect(reason('iam:GetRole', cluster(undefined))).to.equal('no AWS credentials');
  });

  it('makes no check of EKS for a cluster that is not on EKS or cannot be described', () => {
    expect(reason('eks:ListAddons', cluster(EKS))).to.equal(undefined);
    expect(reason('eks:ListAddons', cluster(AWS))).to.equal('the cluster is not on EKS');
    expect(reason('iam:GetRole', cluster(AWS))).to.equal(undefined);
    const denied = { right: 'eks:ListClusters', reason: 'AccessDeniedException' };
    expect(reason('eks:ListAddons', cluster(AWS, [denied]), denied.right)).to.equal('AccessDeniedException');
    const eks = { ...cluster(AWS), kubernetes: { version: 'v1.34.1-eks-3cfe0ce' } };
    expect(reason('eks:ListAddons', eks)).to.contain('use --cluster-name');
  });

  it('merges cases with the same object and text, and keeps objects that could not be judged', () => {
    const object = { kind: 'Deployment', namespace: 'payments', name: 'ledger' };
    const other = { kind: 'Role', name: 'other' };
    const one = check(['list pods'], () => [
      { object, text: 'It is broken.', pods: ['a'] },
      { object, text: 'It is broken.', pods: ['b'] },
      { object, text: 'It is also old.', repair: 'Renew it.' },
      { object: other, missing: 'iam:GetRole' },
    ]);
    const gap = { right: 'iam:GetRole', reason: 'AccessDenied' };
    const { findings, notChecked, passed } = judge({ version: 1, clusters: [cluster(EKS, [gap])] }, [one]);
    expect(findings.map(({ text, repair, pods }) => ({ text, repair, pods }))).to.deep.equal([
      { text: 'It is broken.', repair: 'Fix it.', pods: ['a', 'b'] },
      { text: 'It is also old.', repair: 'Renew it.', pods: [] },
    ]);
    expect(notChecked.map(({ missing, reason: why, objects }) => ({ missing, why, objects }))).to.deep.equal([
      { missing: 'iam:GetRole', why: 'AccessDenied', objects: [other] },
    ]);
    expect(passed).to.deep.equal([]);
  });
});
