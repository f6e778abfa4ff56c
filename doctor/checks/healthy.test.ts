import { expect } from 'chai';
import { certificate } from '../../test/support/certificate.ts';
import * as make from '../../test/support/cluster-snapshot.ts';
import { judge } from '../judge/judge.ts';
import { CHECKS } from './index.ts';

const { ISSUER, roleArn } = make;
const ca = (await certificate('cluster')).certificate;

const trusting = (...statements: object[]) => make.trust(...(statements as [object]));

const VARIANTS: Readonly<Record<string, (snapshot: make.Draft) => void>> = {
  'EKS Auto Mode without DaemonSet': ({ kubernetes, aws }) => {
    aws.cluster.autoMode = true;
    aws.addons = [];
    kubernetes.daemonSets = [];
    kubernetes.pods = kubernetes.pods.filter(({ metadata }) => !metadata.name.startsWith('agent'));
    for (const { metadata } of kubernetes.nodes) metadata.labels!['eks.amazonaws.com/compute-type'] = 'auto';
  },
  'EKS Auto Mode next to a node group': ({ kubernetes, aws }) => {
    aws.cluster.autoMode = true;
    kubernetes.nodes.push(make.node('auto-1', { 'eks.amazonaws.com/compute-type': 'auto' }));
    kubernetes.pods.push(
      make.pod('ledger-3', {
        namespace: 'payments',
        serviceAccount: 'ledger',
        owner: 'ledger',
        inject: 'pod-identity',
        node: 'auto-1',
      }),
    );
  },
  'only IRSA on AWS Fargate': ({ kubernetes, aws }) => {
    aws.associations = [];
    aws.addons = [];
    kubernetes.daemonSets = [];
    kubernetes.nodes = [make.node('node-a', { 'eks.amazonaws.com/compute-type': 'fargate' })];
    kubernetes.pods = kubernetes.pods.filter(({ metadata }) => metadata.namespace === 'web');
  },
  "the three DaemonSets of the agent's chart": ({ kubernetes }) => {
    const hybrid = [
      { matchExpressions: [{ key: 'eks.amazonaws.com/compute-type', operator: 'In', values: ['hybrid'] }] },
    ];
    for (const name of ['eks-pod-identity-agent-hybrid', 'eks-pod-identity-agent-hybrid-bottlerocket'])
      kubernetes.daemonSets.unshift({ ...make.agentSet(name), nodeAffinity: hybrid });
  },
  'a tainted node that is not ready yet': ({ kubernetes }) => {
    kubernetes.daemonSets[0]!.tolerations = [];
    const taints = ['node.kubernetes.io/not-ready', 'karpenter.sh/unregistered'];
    kubernetes.nodes.push({
      ...make.node('new'),
      ready: false,
      taints: taints.map((key) => ({ key, effect: 'NoSchedule' })),
    });
  },
  'the trust policy of the user guide, without conditions': ({ aws }) => {
    aws.roles[roleArn('ledger')]!.trustPolicy = trusting(make.podIdentityStatement());
  },
  'one role for both mechanisms and two clusters': ({ aws }) => {
    const old = ISSUER.replace('0123', 'FFFF');
    aws.roles[roleArn('shop')]!.trustPolicy = trusting(
      make.webIdentityStatement('system:serviceaccount:web:shop', old),
      make.webIdentityStatement('system:serviceaccount:web:shop-*', ISSUER, 'StringLike'),
      make.webIdentityStatement('system:serviceaccount:web:shop'),
      make.podIdentityStatement(),
    );
  },
  'a target role without session tags, by external id': ({ aws }) => {
    const target = roleArn('target');
    Object.assign(aws.associations[0]!, { targetRoleArn: target, disableSessionTags: true, externalId: 'x/y' });
    aws.roles[roleArn('ledger')]!.trustPolicy = trusting(make.podIdentityStatement());
    aws.roles[roleArn('ledger')]!.policies = { chain: make.allowing('sts:AssumeRole', target) };
    aws.roles[target] = make.role(
      'target',
      trusting({
        Principal: { AWS: roleArn('ledger') },
        Action: 'sts:AssumeRole',
        Condition: { StringEquals: { 'sts:ExternalId': 'x/y' } },
      }),
    );
  },
  'pods that are deleted or finished': ({ kubernetes }) => {
    const options = { namespace: 'payments', serviceAccount: 'ledger', owner: 'ledger' };
    const deleted = make.pod('ledger-old', options);
    deleted.metadata.deletionTimestamp = '2026-11-30T11:59:00Z';
    kubernetes.pods.push(deleted, { ...make.pod('ledger-done', options), phase: 'Succeeded' });
  },
  'a proxy with an exception for the agent on IPv6': ({ kubernetes }) => {
    const [{ env } = { env: [] }] = kubernetes.pods.find(({ metadata }) => metadata.name === 'ledger-1')!.containers;
    env.find(({ name }) => name.endsWith('FULL_URI'))!.value = 'http://[fd00:ec2::23]/v1/credentials';
    (env as { name: string; value?: string }[]).push(
      { name: 'HTTP_PROXY' },
      { name: 'NO_PROXY', value: '169.254.170.23,[fd00:ec2::23]' },
    );
  },
  'network policies that add up, for other pods or for ingress': ({ kubernetes }) => {
    const policy = (name: string, podSelector: object, policyTypes: string[], egress: object[]) =>
      ({ metadata: { name, namespace: 'payments' }, podSelector, policyTypes, egress }) as never;
    kubernetes.networkPolicies = [
      policy('deny', {}, ['Ingress', 'Egress'], []),
      policy(
        'allow',
        { matchLabels: { app: 'ledger' } },
        ['Egress'],
        [{ ports: [{ protocol: 'TCP', port: 1, endPort: 99 }] }],
      ),
      policy('other', { matchLabels: { app: 'other' } }, ['Egress'], []),
      policy('ingress', {}, ['Ingress'], []),
    ];
  },
  'a cluster in China': (snapshot) => {
    const china = JSON.parse(
      JSON.stringify({ kubernetes: snapshot.kubernetes, aws: snapshot.aws }).replaceAll('arn:aws:', 'arn:aws-cn:'),
    ) as make.Draft;
    Object.assign(snapshot, china);
  },
};

describe('checks of doctor find nothing in', () => {
  for (const [name, change] of Object.entries(VARIANTS))
    it(name, () => {
      const snapshot = make.healthySnapshot(ca);
      change(snapshot);
      const { findings, notChecked } = judge({ version: 1, clusters: [snapshot] }, CHECKS);
      expect(findings).to.deep.equal([]);
      expect(notChecked).to.deep.equal([]);
    });
});

describe('checks of doctor, without some rights,', () => {
  const made = (change: (snapshot: make.Draft) => void) => {
    const snapshot = make.healthySnapshot(ca);
    change(snapshot);
    return judge({ version: 1, clusters: [snapshot] }, CHECKS);
  };

  it('judge pods without AWS, and report the others as not checked', () => {
    const { findings, notChecked, passed } = made((snapshot) => {
      snapshot.kubernetes.pods[2]!.containers[0]!.env.push({ name: 'HTTP_PROXY' });
      delete (snapshot as { aws?: unknown }).aws;
    });
    expect(findings.map(({ check }) => check)).to.deep.equal(['PID701']);
    expect(notChecked.map(({ check }) => check)).to.include.members(['PID101', 'PID301', 'PID401', 'PID607', 'PID801']);
    expect(passed.map(({ check }) => check)).to.include.members(['PID604', 'PID609', 'PID702']);
  });

  it('name a role that could not be read', () => {
    const { findings, notChecked } = made((snapshot) => {
      delete snapshot.aws.roles[roleArn('ledger')];
      delete snapshot.aws.roles[roleArn('shop')];
      delete snapshot.aws.roles[roleArn('node')]!.policies;
      snapshot.gaps.push({ right: 'iam:GetRole', object: roleArn('ledger'), reason: 'AccessDenied' });
      snapshot.gaps.push({ right: 'iam:GetPolicy', reason: 'AccessDenied' });
    });
    expect(findings).to.deep.equal([]);
    expect(notChecked.map(({ check, missing, reason }) => `${check} ${missing} ${reason}`)).to.deep.equal([
      'PID107 iam:GetPolicy AccessDenied',
      ...['PID306', 'PID401', 'PID402', 'PID403'].map((id) => `${id} iam:GetRole AccessDenied`),
      // No gap says why the role of the annotation was not read.
      ...['PID606', 'PID607', 'PID608', 'PID803'].map((id) => `${id} iam:GetRole it was not read`),
      'PID804 iam:GetRole AccessDenied',
      'PID807 iam:GetRole AccessDenied',
    ]);
  });

  it('do not guess the organization of the account', () => {
    for (const [effect, operator] of [
      ['Allow', 'StringEquals'],
      ['Deny', 'StringNotEquals'],
    ] as const) {
      const { findings, notChecked } = made(({ aws }) => {
        const condition = { [operator]: { 'aws:SourceOrgId': 'o-1' } };
        const statement = { ...make.podIdentityStatement(condition), Effect: effect };
        const others = effect === 'Deny' ? [make.podIdentityStatement()] : [];
        aws.roles[roleArn('ledger')]!.trustPolicy = trusting(statement, ...others);
      });
      expect(findings).to.deep.equal([]);
      expect(notChecked.map(({ check, missing }) => `${check} ${missing}`)).to.deep.equal(
        ['PID401', 'PID402', 'PID403'].map((id) => `${id} organizations:DescribeOrganization`),
      );
    }
  });

  it('do not guess keys in the policy of the VPC endpoint of EKS Auth', () => {
    const { findings, notChecked } = made(({ aws }) => {
      const Condition = { StringEquals: { 'aws:PrincipalOrgID': 'o-1' } };
      const Statement = { Effect: 'Allow', Principal: '*', Action: '*', Resource: '*', Condition };
      const serviceName = 'com.amazonaws.us-west-2.eks-auth';
      aws.vpcEndpoints = [{ id: 'vpce-1', serviceName, state: 'available', policy: JSON.stringify({ Statement }) }];
    });
    expect(findings).to.deep.equal([]);
    expect(notChecked.map(({ check, objects, reason }) => `${check} ${objects[0]?.name} ${reason}`)).to.deep.equal([
      'PID107 vpce-1 cannot be decided',
    ]);
  });

  it('judge IRSA of a self-hosted issuer', () => {
    const { findings } = made(({ aws, kubernetes }) => {
      delete (aws as { cluster?: unknown }).cluster;
      delete (aws as { associations?: unknown }).associations;
      kubernetes.pods = kubernetes.pods.filter(({ metadata }) => metadata.namespace === 'web');
      aws.oidcProviders = [];
    });
    expect(findings.map(({ check, object }) => `${check} ${object.name}`)).to.deep.equal(['PID601 prod']);
  });
});
