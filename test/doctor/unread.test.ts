import { expect } from 'chai';
import { CHECKS } from '../../doctor/checks/index.ts';
import { ANY_AWS } from '../../doctor/collect/aws-account.ts';
import { ClusterFacts } from '../../doctor/facts/cluster-facts.ts';
import { isUnread, judge } from '../../doctor/judge/judge.ts';
import { followed } from '../../doctor/pod/follow.ts';
import { ANOTHER_ACCOUNT, LEFT_OUT, type ClusterSnapshot, type Right } from '../../doctor/snapshot/snapshot.ts';
import { healthy, PAIRS } from '../support/broken-snapshots.ts';
import { roleArn } from '../support/cluster-snapshot.ts';
import { IAM_RIGHTS, RIGHTS, withoutRight, withoutRights } from '../support/without-right.ts';

/** Rights whose calls only find what other calls also return, or that a cluster needs only for some objects. */
const OPTIONAL = ['get /.well-known/openid-configuration'];

const AWAY: Readonly<Record<string, readonly Right[]>> = {
  AWS: [ANY_AWS],
  EKS: ['eks:DescribeCluster'],
  IAM: IAM_RIGHTS,
  EC2: ['ec2:DescribeInstances', 'ec2:DescribeVpcEndpoints'],
};

function broken(id: keyof typeof PAIRS): ClusterSnapshot {
  const snapshot = healthy();
  PAIRS[id]?.broken(snapshot);
  return snapshot;
}
const diagnosis = (cluster: ClusterSnapshot) => judge({ version: 1, clusters: [cluster] }, CHECKS);

/** Whether doctor exits with 0 when it fails on findings of this severity. */
function isGreen(cluster: ClusterSnapshot, failOn: 'error' | 'info'): boolean {
  const { findings, notChecked } = diagnosis(cluster);
  return !findings.some(({ severity }) => failOn === 'info' || severity === failOn) && !notChecked.some(isUnread);
}

describe('doctor on broken clusters of which it cannot read all', () => {
  const worlds = CHECKS.map(({ id }) => ({ id, cluster: broken(id) })).map((world) => ({
    ...world,
    failOn: isGreen(world.cluster, 'error') ? ('info' as const) : ('error' as const),
  }));
  const expectNone = (less: (cluster: ClusterSnapshot) => ClusterSnapshot): void => {
    expect(worlds.filter(({ cluster, failOn }) => isGreen(less(cluster), failOn)).map(({ id }) => id)).to.deep.equal(
      [],
    );
  };

  for (const right of RIGHTS)
    it(`never succeeds without ${right}`, () => {
      expectNone((cluster) => withoutRight(cluster, right));
      expect(isGreen(withoutRight(healthy(), right), 'error')).to.equal(OPTIONAL.includes(right));
    });

  for (const [api, rights] of Object.entries(AWAY))
    it(`never succeeds while ${api} is away`, () => {
      expectNone((cluster) => withoutRights(cluster, rights, 'ECONNREFUSED'));
      expect(isGreen(withoutRights(healthy(), rights, 'ECONNREFUSED'), 'error')).to.equal(false);
    });

  it('never succeeds if a role, or the role of an instance profile, could not be read', () => {
    const cluster = healthy();
    for (const right of ['iam:GetRole', 'iam:GetInstanceProfile']) {
      const gap = { right, object: roleArn('of-an-add-on'), reason: 'AccessDenied' };
      expect(isGreen({ ...cluster, gaps: [gap] }, 'error'), right).to.equal(false);
    }
  });

  it('succeeds if only roles of other accounts could not be read, or AWS was left out', () => {
    const other = roleArn('app', '444455556666');
    const gap = { right: 'iam:GetRole', object: other, reason: ANOTHER_ACCOUNT };
    const cluster = { ...healthy(), gaps: [gap] };
    expect(diagnosis(cluster).notChecked.flatMap(({ objects }) => objects.map(({ name }) => name))).to.include(other);
    expect(isGreen(cluster, 'error')).to.equal(true);
    expect(isGreen(withoutRight(healthy(), ANY_AWS, LEFT_OUT), 'error')).to.equal(true);
  });

  it('keeps the severity of a finding while pods are unknown', () => {
    for (const id of ['PID401', 'PID402', 'PID403', 'PID404'] as const) {
      const severities = diagnosis(withoutRight(broken(id), 'list pods')).findings.map(({ severity }) => severity);
      expect(severities, id).to.deep.equal(['error']);
    }
  });
});

describe('doctor pod on broken clusters', () => {
  /** Returns the pods of the findings, as in `payments/ledger-1`. */
  const concerned = (cluster: ClusterSnapshot): readonly (readonly [pod: string, check: string])[] =>
    diagnosis(cluster).findings.flatMap(({ check, severity, object, pods }) =>
      severity === 'info'
        ? []
        : pods.map((pod) => [pod.includes('/') ? pod : `${object.namespace}/${pod}`, check] as const),
    );
  const follow = (cluster: ClusterSnapshot, pod: string) => {
    const facts = new ClusterFacts(cluster);
    const found = facts.pods.find(({ metadata }) => `${metadata.namespace}/${metadata.name}` === pod)!;
    return followed({ version: 1, clusters: [cluster] }, { facts, pod: found });
  };

  /** Checks whose pods have their role, at least in the first container and for now. */
  const WITH_ROLE = ['PID205', 'PID405', 'PID406', 'PID408', 'PID507', 'PID610', 'PID612', 'PID806'];

  /** A pod of PID205 whose only container lacks the mount. */
  const WITHOUT_MOUNT = 'web/shop-1';

  for (const { id } of CHECKS)
    it(`predicts ${WITH_ROLE.includes(id) ? 'the' : 'no'} role for the pods of ${id}, with the hop of the check`, () => {
      const cluster = broken(id);
      for (const [pod] of concerned(cluster)) {
        const { hops, identity } = follow(cluster, pod);
        expect(hops.find(({ text }) => text.includes(`(${id})`))?.state, pod).to.match(/^(FAIL|WARN)$/);
        const hasRole = WITH_ROLE.includes(id) && !(id === 'PID205' && pod === WITHOUT_MOUNT);
        expect(identity.roleArn !== undefined, `${pod} ${identity.reason}`).to.equal(hasRole);
        if (identity.roleArn === undefined) expect(identity.reason, pod).to.match(/\w{3}/);
      }
    });

  /** Rights for what a pod with Pod Identity, which has its variables and runs, does not depend on. */
  const UNUSED = /Addon|OpenID|list (?:namespaces|events|.*sets|jobs|mutatingweb.*)$|^get /;

  it('has an unknown identity without each right that its hops need', () => {
    const known = RIGHTS.filter(
      (right) => right !== 'list pods' && follow(withoutRight(healthy(), right), 'payments/ledger-1').identity.roleArn,
    );
    const unused = RIGHTS.filter((right) => UNUSED.test(right) && right !== 'list daemonsets');
    expect(known).to.have.members(unused);
  });

  it('fails if the pods of the agent are refused and the node has none, although that is in another namespace', () => {
    const cluster = healthy();
    const metadata = { name: 'eks-pod-identity-agent', namespace: 'kube-system' };
    cluster.kubernetes.refusedPods = [{ kind: 'DaemonSet', metadata, message: 'exceeded quota' }];
    expect(follow(cluster, 'payments/ledger-1').identity.mechanism).to.equal('pod-identity');
    cluster.kubernetes.pods = cluster.kubernetes.pods.filter(({ metadata: { name } }) => name !== 'agent-node-a');
    const [agent] = follow(cluster, 'payments/ledger-1').hops;
    expect(agent).to.include({ name: 'agent', state: 'FAIL' });
    expect(agent?.text).to.contain('exceeded quota. (PID506)');
  });

  it('takes a pod of the same name in another namespace for another', () => {
    const cluster = broken('PID102');
    const twin = healthy().kubernetes.pods.find(({ metadata }) => metadata.name === 'ledger-1')!;
    twin.metadata.namespace = 'web';
    twin.nodeName = 'node-b';
    const both = { ...cluster, kubernetes: { ...cluster.kubernetes, pods: [...cluster.kubernetes.pods!, twin] } };
    expect(follow(both, 'payments/ledger-1').hops[0]?.state).to.equal('FAIL');
    expect(follow(both, 'web/ledger-1').hops[0]?.state).to.equal('ok');
  });
});
