import { expect } from 'chai';
import { certificate } from '../../test/support/certificate.ts';
import {
  association,
  healthySnapshot,
  node,
  roleArn,
  type Draft,
  type DraftPod,
} from '../../test/support/cluster-snapshot.ts';
import { CHECKS } from '../checks/index.ts';
import { judge } from './judge.ts';

const { certificate: authority } = await certificate('cluster');

/** Returns the fingerprints of a check's findings in a changed healthy cluster. */
function fingerprints(check: `PID${number}`, change: (snapshot: Draft) => void): readonly string[] {
  const cluster = healthySnapshot(authority);
  change(cluster);
  const { findings } = judge({ version: 1, clusters: [cluster] }, CHECKS);
  return findings.filter((finding) => finding.check === check).map(({ fingerprint }) => fingerprint);
}

const ledgerPods = ({ kubernetes }: Draft): DraftPod[] =>
  kubernetes.pods.filter(({ serviceAccountName }) => serviceAccountName === 'ledger');

/** The pods of ledger are older than the association. */
const older = (snapshot: Draft): void => {
  for (const pod of ledgerPods(snapshot)) {
    pod.tokenVolumes = [];
    pod.containers[0]!.env = [];
    pod.metadata.creationTimestamp = '2026-10-01T00:00:00Z';
  }
};
const [original] = fingerprints('PID301', older);
const isSame = (change: (snapshot: Draft) => void): void => {
  expect(fingerprints('PID301', (snapshot) => (older(snapshot), change(snapshot)))).to.deep.equal([original]);
};
const differs = (change: (snapshot: Draft) => void): void => {
  const [changed] = fingerprints('PID301', (snapshot) => (older(snapshot), change(snapshot)));
  expect(changed)
    .to.match(/^[0-9a-f]{32}$/)
    .and.not.equal(original);
};

describe('the fingerprint of a finding', () => {
  it('survives a rollout with new pods and a new ReplicaSet', () =>
    isSame((snapshot) => {
      for (const { metadata } of ledgerPods(snapshot)) {
        metadata.name = metadata.name.replace('ledger-', 'ledger-5f6b-');
        metadata.labels = { ...metadata.labels, 'pod-template-hash': '5f6b' };
        metadata.owner = { kind: 'ReplicaSet', name: 'ledger-5f6b' };
      }
    }));

  it('survives another association for the same service account', () =>
    isSame(({ aws }) => {
      aws.associations[0] = { ...aws.associations[0]!, associationId: 'a-other', createdAt: '2026-11-20T00:00:00Z' };
    }));

  it('survives another name of the context', () => isSame((snapshot) => (snapshot.context = 'job')));

  it('differs in another namespace, for another owner, with another service account and in another cluster', () => {
    differs((snapshot) => {
      for (const pod of ledgerPods(snapshot)) pod.metadata.owner = { kind: 'StatefulSet', name: 'ledger' };
    });
    differs((snapshot) => {
      for (const pod of ledgerPods(snapshot)) pod.serviceAccountName = 'other';
      snapshot.kubernetes.serviceAccounts.push({ metadata: { namespace: 'payments', name: 'other' } });
      snapshot.aws.associations.push(association('payments', 'other', roleArn('ledger')));
    });
    differs(({ aws, kubernetes }) => (kubernetes.issuer = aws.cluster.issuer = 'https://oidc.example/id/OTHER'));
  });

  it('ignores the generated end of the name of a pod without an owner, but no other end', () => {
    const alone = (name: string) => (snapshot: Draft) => {
      older(snapshot);
      for (const [index, { metadata }] of ledgerPods(snapshot).entries()) {
        delete metadata.owner;
        if (index === 0) metadata.name = name;
        else metadata.deletionTimestamp = '2026-11-01T00:00:00Z';
      }
    };
    expect(fingerprints('PID301', alone('batch-x7k2p'))).to.deep.equal(fingerprints('PID301', alone('batch-24bcd')));
    expect(fingerprints('PID301', alone('batch-green'))).to.not.deep.equal(
      fingerprints('PID301', alone('batch-other')),
    );
  });

  it('of a node survives its replacement within the node group', () => {
    const withoutAgent = (name: string) => (snapshot: Draft) => {
      snapshot.kubernetes.nodes.push(node(name));
      for (const pod of ledgerPods(snapshot)) pod.nodeName = name;
    };
    const [first] = fingerprints('PID102', withoutAgent('node-c'));
    expect(first).to.be.a('string');
    expect(fingerprints('PID102', withoutAgent('node-d'))).to.deep.equal([first]);
  });

  it('differs for each container of a pod', () => {
    const found = fingerprints('PID501', (snapshot) => {
      for (const pod of ledgerPods(snapshot)) {
        const [container] = pod.containers;
        container!.env.push({ name: 'AWS_ACCESS_KEY_ID' }, { name: 'AWS_SECRET_ACCESS_KEY' });
        pod.containers.push({ ...container!, name: 'sidecar' });
      }
    });
    expect(new Set(found).size).to.equal(2);
  });
});
