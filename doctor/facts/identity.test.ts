import { expect } from 'chai';
import {
  healthySnapshot,
  roleArn,
  webIdentityEnv,
  type Draft,
  type DraftPod,
} from '../../test/support/cluster-snapshot.ts';
import { ClusterFacts } from './cluster-facts.ts';
import { identityOf, type PredictedIdentity } from './identity.ts';

describe('identityOf', () => {
  const predicted = (change: (pod: DraftPod, cluster: Draft) => void): PredictedIdentity => {
    const cluster = healthySnapshot('');
    const pod = cluster.kubernetes.pods.find(({ metadata }) => metadata.name === 'ledger-1')!;
    change(pod, cluster);
    return identityOf(new ClusterFacts(cluster), pod);
  };

  it('is the role of the association', () => {
    expect(predicted(() => undefined)).to.deep.equal({ mechanism: 'pod-identity', roleArn: roleArn('ledger') });
  });

  it("is unknown if the agent gets a token that is not the pod's own", () => {
    const { mechanism, reason } = predicted((pod) => {
      for (const one of pod.containers[0]!.env)
        if (one.name === 'AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE') one.value = '/tokens/copied';
    });
    expect(mechanism).to.equal('unknown');
    expect(reason).to.equal('AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE is not a token volume of the pod');
  });

  it('is the role of the association in a pod of Windows, whose token has a path of Windows', () => {
    const identity = predicted((pod) => {
      for (const one of pod.containers[0]!.env)
        if (one.name === 'AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE') one.value = `C:${one.value?.replaceAll('/', '\\')}`;
    });
    expect(identity.mechanism, identity.reason).to.equal('pod-identity');
  });

  it('does not exist if the annotation is not the ARN of a role', () => {
    const identity = predicted((pod) => {
      pod.containers[0]!.env = webIdentityEnv('ledger');
      pod.containers[0]!.volumeMounts[0]!.mountPath = '/var/run/secrets/eks.amazonaws.com/serviceaccount';
    });
    expect(identity).to.deep.equal({ mechanism: 'none', reason: 'ledger is not the ARN of a role' });
  });

  const URI = 'AWS_CONTAINER_CREDENTIALS_FULL_URI';
  for (const [what, mechanism, reason, change] of [
    ['a container without the mount', 'none', /does not mount/, (pod) => (pod.containers[0]!.volumeMounts = [])],
    [
      'a token for another audience',
      'none',
      /does not have the audience pods.eks.amazonaws.com/,
      (pod) => (pod.tokenVolumes[0]!.audience = 'sts.amazonaws.com'),
    ],
    [
      'an address without a token file',
      'none',
      /does not set AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE/,
      (pod) => (pod.containers[0]!.env = pod.containers[0]!.env.filter(({ name }) => name === URI)),
    ],
    ['another address', 'unknown', /to another address/, (pod) => (pod.containers[0]!.env = [{ name: URI }])],
    ['an old image', 'none', /^the AWS SDK of image/, (pod) => (pod.containers[0]!.image = 'amazon/aws-cli:2.0.0')],
    [
      'an agent that is not ready',
      'none',
      /^agent agent-node-a is not ready on node node-a$/,
      (_pod, cluster) => (cluster.kubernetes.pods[0]!.ready = false),
    ],
    ['no agent', 'none', /^no agent runs on node node-a$/, (_pod, cluster) => cluster.kubernetes.pods.shift()],
    [
      'agents that were not read',
      'unknown',
      /^the agent of node node-a could not be read$/,
      (_pod, { kubernetes }) => delete (kubernetes as Partial<typeof kubernetes>).daemonSets,
    ],
    [
      'a node without support',
      'none',
      /^Pod Identity does not work on AWS Fargate$/,
      (_pod, cluster) =>
        (cluster.kubernetes.nodes[0]!.metadata.labels = { 'eks.amazonaws.com/compute-type': 'fargate' }),
    ],
  ] as const satisfies readonly (readonly [string, string, RegExp, (pod: DraftPod, cluster: Draft) => unknown])[])
    it(`is ${mechanism} with ${what}`, () => {
      const identity = predicted((pod, cluster) => void change(pod, cluster));
      expect(identity.mechanism).to.equal(mechanism);
      expect(identity.reason).to.match(reason);
    });
});
