import type { V1Pod } from '@kubernetes/client-node';
import { expect } from 'chai';
import { certificate } from '../../test/support/certificate.ts';
import { healthySnapshot, type Draft } from '../../test/support/cluster-snapshot.ts';
import { ClusterFacts } from '../facts/cluster-facts.ts';
import { jobOf } from './job.ts';

const { certificate: authority } = await certificate('cluster');

describe('the Job of doctor pod --inside', () => {
  const specOf = (pod: Partial<V1Pod>, change: (snapshot: Draft) => void = () => undefined) => {
    const snapshot = healthySnapshot(authority);
    change(snapshot);
    const { spec, ...rest } = pod;
    const whole: V1Pod = {
      metadata: { name: 'ledger-1', namespace: 'payments' },
      spec: { serviceAccountName: 'ledger', containers: [{ name: 'main' }], ...spec },
      ...rest,
    };
    return jobOf(whole, new ClusterFacts(snapshot), 'preflight-1', 'node').spec!.template;
  };
  const withEnv = (...env: { name: string; value?: string; valueFrom?: object }[]) =>
    specOf({ spec: { containers: [{ name: 'main', env }] } }).spec!.containers[0]!.env!.map(({ name }) => name);

  it('has the variables of AWS SDKs, but no literal that may be secret and none that the webhook sets', () => {
    const secretKeyRef = { name: 'keys', key: 'id' };
    const names = withEnv(
      { name: 'AWS_ACCESS_KEY_ID', valueFrom: { secretKeyRef } },
      { name: 'AWS_SECRET_ACCESS_KEY', value: 'secret' },
      { name: 'AWS_REGION', value: 'us-west-2' },
      { name: 'AWS_ENDPOINT_URL', value: 'http://127.0.0.1:1' },
      { name: 'AWS_ROLE_ARN', value: 'arn:aws:iam::111122223333:role/app' },
      { name: 'DATABASE_PASSWORD', valueFrom: { secretKeyRef } },
    );
    expect(names).to.deep.equal(['AWS_ACCESS_KEY_ID', 'AWS_REGION', 'AWS_ENDPOINT_URL', 'NODE_OPTIONS', 'NODE_PATH']);
  });

  it('has the labels and annotations that decide about injection and network policies', () => {
    const labels = { app: 'ledger', 'eks.amazonaws.com/skip-pod-identity-webhook': 'true', team: 'red' };
    const annotations = { 'eks.amazonaws.com/skip-containers': 'main', note: 'x' };
    const template = specOf({ metadata: { name: 'ledger-1', namespace: 'payments', labels, annotations } }, (draft) => {
      draft.kubernetes.networkPolicies = ['payments', 'web'].map((namespace) => ({
        metadata: { name: 'closed', namespace },
        podSelector: { matchLabels: namespace === 'web' ? { team: 'red' } : { app: 'ledger' } },
        policyTypes: ['Egress'],
        egress: [],
      }));
      draft.kubernetes.mutatingWebhooks[0]!.objectSelector = {
        matchExpressions: [{ key: 'eks.amazonaws.com/skip-pod-identity-webhook', operator: 'DoesNotExist' }],
      };
    });
    const { team: _team, ...copied } = labels;
    expect(template.metadata?.labels).to.deep.equal(copied);
    expect(template.metadata?.annotations).to.deep.equal({ 'eks.amazonaws.com/skip-containers': 'main' });
    expect(template.spec?.containers[0]?.name).to.equal('main');
  });

  it("runs as the pod's user, unless it is root", () => {
    const userOf = (runAsUser?: number) =>
      specOf({
        spec: { containers: [{ name: 'main' }], securityContext: { ...(runAsUser !== undefined && { runAsUser }) } },
      }).spec!.securityContext?.runAsUser;
    expect([userOf(1000), userOf(0), userOf()]).to.deep.equal([1000, 65_532, 65_532]);
  });

  it("runs on the pod's node, except on Fargate, where each pod has its own", () => {
    const containers = [{ name: 'main' }];
    const [node] = healthySnapshot(authority).kubernetes.nodes;
    const nodeName = node!.metadata.name;
    const on = (labels: Record<string, string>) =>
      specOf({ spec: { containers, nodeName } }, (draft) => {
        Object.assign((draft.kubernetes.nodes[0]!.metadata.labels ??= {}), labels);
      }).spec?.affinity;
    expect(JSON.stringify(on({}))).to.contain(`"key":"metadata.name","operator":"In","values":["${nodeName}"]`);
    expect(on({ 'eks.amazonaws.com/compute-type': 'fargate' })).to.equal(undefined);
  });
});
