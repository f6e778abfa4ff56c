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

  it('does not exist if the annotation is not the ARN of a role', () => {
    const identity = predicted((pod) => {
      pod.containers[0]!.env = webIdentityEnv('ledger');
    });
    expect(identity).to.deep.equal({ mechanism: 'none', reason: 'ledger is not the ARN of a role' });
  });
});
