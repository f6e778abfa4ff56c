import { expect } from 'chai';
import * as make from '../../test/support/cluster-snapshot.ts';
import { ClusterFacts } from './cluster-facts.ts';
import { denialOf, pinsOtherCluster } from './denial.ts';
import { podIdentityTrust, webIdentityTrust } from './trust.ts';

const { CLUSTER_ARN, ISSUER, PROVIDER } = make;
const facts = new ClusterFacts(make.healthySnapshot(''));
const subject = { namespace: 'payments', serviceAccount: 'ledger' };
const sub = 'system:serviceaccount:payments:ledger';

const webIdentity = (condition: object, federated = PROVIDER) => {
  const statement = {
    Principal: { Federated: federated },
    Action: 'sts:AssumeRoleWithWebIdentity',
    Condition: condition,
  };
  const provider = { arn: PROVIDER, issuer: ISSUER };
  return webIdentityTrust(facts, make.role('r', make.trust(statement)), provider, 'sts.amazonaws.com', subject);
};
const podIdentity = (...statements: object[]) =>
  podIdentityTrust(
    facts,
    make.role('r', make.trust(...statements)),
    { roleArn: '', disableSessionTags: false },
    subject,
  );

describe('denialOf', () => {
  it('recognises slips of web identity trust policies', () => {
    const slip = (condition: object) => denialOf(webIdentity(condition));
    expect(slip({ StringEquals: { [`${PROVIDER}:sub`]: sub } })).to.include("begins with the provider's ARN");
    expect(slip({ StringEquals: { [`${ISSUER}:aud`]: sub } })).to.include(':aud" has a value of :sub');
    expect(slip({ StringEquals: { [`${ISSUER}:sub`]: 'system:serviceaccount:payments:*' } })).to.include(
      'StringEquals compares "system:serviceaccount:payments:*" literally',
    );
    expect(slip({ StringEquals: { [`${ISSUER}:sub`]: sub.replace('ledger', 'ledgr') } })).to.equal(
      `it names "system:serviceaccount:payments:ledgr", the pod runs as "${sub}" (${ISSUER}:sub)`,
    );
    expect(slip({ StringEquals: { [`${ISSUER}:sub`]: 'system:serviceaccount:web:shop' } })).to.include(
      `is "${sub}", StringEquals expects "system:serviceaccount:web:shop"`,
    );
  });

  it('names the trusted provider if it is another', () => {
    const swapped = PROVIDER.replace('oidc.eks.us-west-2', 'oidc.us-west-2.eks');
    expect(denialOf(webIdentity({}, swapped))).to.equal(`Principal names "${swapped}", not ${PROVIDER}`);
  });

  it('explains denials of Pod Identity', () => {
    const pinned = (value: string) =>
      podIdentity(make.podIdentityStatement({ StringEquals: { 'aws:SourceArn': value } }));
    const association = CLUSTER_ARN.replace(':cluster/prod', ':podidentityassociation/prod/a-1');
    expect(denialOf(pinned(association))).to.include('an association, but EKS sends the ARN of the cluster');
    expect(denialOf(podIdentity(make.webIdentityStatement(sub)))).to.include('not pods.eks.amazonaws.com');
    expect(denialOf(podIdentity(make.podIdentityStatement({}, ['sts:TagSession'])))).to.include(
      'does not list sts:AssumeRole',
    );
    const statement = { ...make.podIdentityStatement(), Effect: 'Deny', Sid: 'Closed' };
    expect(denialOf(podIdentity(make.podIdentityStatement(), statement))).to.match(/^denied by statement 2 "Closed"/);
  });

  it('attributes a denial to the cluster only if nothing else denies', () => {
    const tags = { 'aws:RequestTag/eks-cluster-name': 'old', 'aws:SourceArn': `${CLUSTER_ARN}-old` };
    const isPinned = (more: object) =>
      pinsOtherCluster(podIdentity(make.podIdentityStatement({ StringEquals: { ...tags, ...more } })));
    expect(isPinned({})).to.equal(true);
    expect(isPinned({ 'aws:RequestTag/kubernetes-namespace': 'payments' })).to.equal(true);
    expect(isPinned({ 'aws:RequestTag/kubernetes-namespace': 'web' })).to.equal(false);
    const deny = (operator: string) =>
      podIdentity(make.podIdentityStatement(), {
        ...make.podIdentityStatement({ [operator]: { 'aws:SourceArn': `${CLUSTER_ARN}-old` } }),
        Effect: 'Deny',
      });
    expect(pinsOtherCluster(deny('StringNotEquals'))).to.equal(true);
    expect(deny('StringEquals').value).to.equal('allowed');
  });
});
