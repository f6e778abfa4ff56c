/** The permissions that a caller of EKS Auth needs. */
import {
  allow,
  askEksAuth,
  between,
  deny,
  fails,
  irsaRole,
  listAssociations,
  podIdentityRole,
  succeeds,
  suite,
  tagResource,
} from '../../harness/index.ts';

const ASK = 'eks-auth:AssumeRoleForPodIdentity';
const CLUSTER_ACTIONS = [ASK, 'eks:ListPodIdentityAssociations'];
const clusterTag = (value: string) => ({ StringEquals: { 'aws:ResourceTag/conformance-ea-14': value } });

/** Calls with this role instead of a node's. */
const as = (role: string) => ({ as: { role, token: 'node' } });
const NODE = {
  workloads: { app: { role: 'app' }, node: { serviceAccount: 'node' } },
  tokens: { node: { serviceAccount: 'app/node', audience: 'sts.amazonaws.com' } },
} as const;
/** The status of this refusal, 400 or 403, is not documented. */
const REFUSED = { by: 'eks-auth', code: 'AccessDeniedException' } as const;

suite('eks-auth', ({ scenario }) => {
  scenario('EA-14', 'callers of EKS Auth and EKS can be limited to clusters with a tag', {
    source:
      'Service Authorization Reference, Amazon EKS Auth and Amazon EKS, resource type cluster: aws:ResourceTag/${TagKey}',
    needs: ['own-cluster'],
    roles: {
      app: podIdentityRole(),
      red: irsaRole('app/node', allow(CLUSTER_ACTIONS, '*', clusterTag('red'))),
      blue: irsaRole('app/node', allow(CLUSTER_ACTIONS, '*', clusterTag('blue'))),
    },
    ...NODE,
    probes: [
      succeeds(tagResource('<cluster-arn:c1>', { 'conformance-ea-14': 'red' })),
      succeeds(askEksAuth('app', as('red')), { roleArn: '<role:app>' }),
      fails(askEksAuth('app', as('blue')), REFUSED),
      succeeds(listAssociations({ namespace: 'app', ...as('red') }), { count: 1 }),
      fails(listAssociations({ namespace: 'app', ...as('blue') }), { ...REFUSED, by: 'eks', status: 403 }),
    ],
  });

  scenario('EA-12', 'a caller of EKS Auth needs permission for the cluster', {
    source: 'Service Authorization Reference, Amazon EKS Auth, AssumeRoleForPodIdentity: resource cluster',
    roles: {
      app: podIdentityRole(),
      node: irsaRole('app/node', allow(ASK, '<cluster-arn:c1>')),
      other: irsaRole('app/node', allow(ASK, '*'), deny(ASK, '<cluster-arn:c1>')),
      none: irsaRole('app/node', allow(ASK, '<cluster-arn:c1>-another')),
    },
    ...NODE,
    probes: [
      // The caller's own session lasts an hour, but does not limit the pod's.
      succeeds(askEksAuth('app', as('node')), { roleArn: '<role:app>', secondsLeft: between(21_300, 21_660) }),
      fails(askEksAuth('app', as('other')), REFUSED),
      fails(askEksAuth('app', as('none')), REFUSED),
      // Callers without permission cannot learn which clusters exist.
      fails(askEksAuth('app', { ...as('none'), clusterName: '<cluster:c1>-absent' }), REFUSED),
    ],
  });
});
