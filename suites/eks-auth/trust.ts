/** Which trust policies let EKS Auth open a session. */
import { askEksAuth, fails, succeeds, suite, trustPodIdentity, updateTrust } from '../../harness/index.ts';
import { MAY_NOT_ASSUME } from '../lib/outcomes.ts';
import { TRUST_OF_PODS } from '../lib/sources.ts';
import { ASSOCIATED } from '../lib/worlds.ts';

const trustUnder = (operator: string, key: string, value: string) =>
  trustPodIdentity({ conditions: { [operator]: { [key]: value } } });

suite('eks-auth', ({ scenario }) => {
  scenario('EA-16', 'a trust policy can require the calling AWS service and the name of the session', {
    source:
      'IAM User Guide, "AWS global condition context keys": aws:PrincipalIsAWSService, aws:PrincipalServiceName; "IAM and AWS STS condition context keys": sts:RoleSessionName',
    roles: {
      service: { trust: [trustUnder('StringEquals', 'aws:PrincipalServiceName', 'pods.eks.amazonaws.com')] },
      another: { trust: [trustUnder('StringEquals', 'aws:PrincipalServiceName', 'ec2.amazonaws.com')] },
      aws: { trust: [trustUnder('StringEquals', 'aws:PrincipalIsAWSService', 'true')] },
      nobody: { trust: [trustUnder('StringEquals', 'aws:PrincipalIsAWSService', 'false')] },
      named: { trust: [trustUnder('StringLike', 'sts:RoleSessionName', 'eks-*')] },
      unnamed: { trust: [trustUnder('StringNotLike', 'sts:RoleSessionName', 'eks-*')] },
    },
    workloads: Object.fromEntries(
      ['service', 'another', 'aws', 'nobody', 'named', 'unnamed'].map((role) => [role, { serviceAccount: role, role }]),
    ),
    probes: [
      ...['service', 'aws', 'named'].map((role) => succeeds(askEksAuth(role), { roleArn: `<role:${role}>` })),
      ...['another', 'nobody', 'unnamed'].map((role) => fails(askEksAuth(role), MAY_NOT_ASSUME)),
    ],
  });

  scenario('EA-10', 'a Deny in a trust policy overrides an Allow', {
    source: `${TRUST_OF_PODS}; IAM User Guide, "Policy evaluation logic"`,
    roles: {
      app: {
        trust: [
          trustPodIdentity(),
          { ...trustUnder('StringEquals', 'aws:RequestTag/kubernetes-namespace', '<namespace:blue>'), effect: 'Deny' },
        ],
      },
    },
    workloads: { red: { namespace: 'red', role: 'app' }, blue: { namespace: 'blue', role: 'app' } },
    probes: [succeeds(askEksAuth('red'), { roleArn: '<role:app>' }), fails(askEksAuth('blue'), MAY_NOT_ASSUME)],
  });

  scenario('EA-11', 'a role that trusts only another service gives pods no session', {
    source: TRUST_OF_PODS,
    ...ASSOCIATED,
    probes: [
      succeeds(askEksAuth('app'), { roleArn: '<role:app>' }),
      updateTrust('app', [{ ...trustPodIdentity(), principal: { Service: 'ec2.amazonaws.com' } }]),
      fails(askEksAuth('app'), MAY_NOT_ASSUME),
    ],
  });
});
