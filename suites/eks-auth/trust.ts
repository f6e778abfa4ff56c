/** Which trust policies let EKS Auth open a session. */
import {
  askEksAuth,
  fails,
  succeeds,
  suite,
  trustPodIdentity,
  updateTrust,
  type Conditions,
  type RoleSpec,
} from '../../harness/index.ts';
import { MAY_NOT_ASSUME } from '../lib/outcomes.ts';
import { TRUST_OF_PODS } from '../lib/sources.ts';
import { ASSOCIATED } from '../lib/worlds.ts';

const byTag = (key: string, value: string): Conditions => ({ StringEquals: { [`aws:RequestTag/${key}`]: value } });

suite('eks-auth', ({ scenario }) => {
  const service = (key: string, value: string): RoleSpec => ({
    trust: [trustPodIdentity({ conditions: { StringEquals: { [key]: value } } })],
  });

  scenario('EA-16', 'a trust policy may ask which service of AWS acts, and under which name of a session', {
    source:
      'IAM User Guide, "AWS global condition context keys": aws:PrincipalIsAWSService, aws:PrincipalServiceName; "IAM and AWS STS condition context keys": sts:RoleSessionName',
    roles: {
      service: service('aws:PrincipalServiceName', 'pods.eks.amazonaws.com'),
      another: service('aws:PrincipalServiceName', 'ec2.amazonaws.com'),
      aws: service('aws:PrincipalIsAWSService', 'true'),
      nobody: service('aws:PrincipalIsAWSService', 'false'),
      named: { trust: [trustPodIdentity({ conditions: { StringLike: { 'sts:RoleSessionName': 'eks-*' } } })] },
      unnamed: { trust: [trustPodIdentity({ conditions: { StringNotLike: { 'sts:RoleSessionName': 'eks-*' } } })] },
    },
    workloads: Object.fromEntries(
      ['service', 'another', 'aws', 'nobody', 'named', 'unnamed'].map((role) => [role, { serviceAccount: role, role }]),
    ),
    probes: [
      ...['service', 'aws', 'named'].map((role) => succeeds(askEksAuth(role), { roleArn: `<role:${role}>` })),
      ...['another', 'nobody', 'unnamed'].map((role) => fails(askEksAuth(role), MAY_NOT_ASSUME)),
    ],
  });

  scenario('EA-10', 'a Deny in a trust policy keeps out whom an Allow lets in', {
    source: `${TRUST_OF_PODS}; IAM User Guide, "Policy evaluation logic"`,
    roles: {
      app: {
        trust: [
          trustPodIdentity(),
          { ...trustPodIdentity({ conditions: byTag('kubernetes-namespace', '<namespace:blue>') }), effect: 'Deny' },
        ],
      },
    },
    workloads: { red: { namespace: 'red', role: 'app' }, blue: { namespace: 'blue', role: 'app' } },
    probes: [succeeds(askEksAuth('red'), { roleArn: '<role:app>' }), fails(askEksAuth('blue'), MAY_NOT_ASSUME)],
  });

  scenario('EA-11', 'a role that trusts another service gives pods no session', {
    source: TRUST_OF_PODS,
    ...ASSOCIATED,
    probes: [
      succeeds(askEksAuth('app'), { roleArn: '<role:app>' }),
      updateTrust('app', [{ ...trustPodIdentity(), principal: { Service: 'ec2.amazonaws.com' } }]),
      fails(askEksAuth('app'), MAY_NOT_ASSUME),
    ],
  });
});
