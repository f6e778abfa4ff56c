import { allow, getObject, granted, refused, suite, trustPodIdentity } from '../harness/index.ts';

suite('cross-cluster', ({ scenario }) => {
  scenario('CC-03', 'a trust on the cluster name tag keeps the role to one cluster', {
    roles: {
      app: {
        trust: [
          trustPodIdentity({ conditions: { StringEquals: { 'aws:RequestTag/eks-cluster-name': '<cluster:c1>' } } }),
        ],
        permissions: [allow('s3:GetObject', 'data/*')],
      },
    },
    workloads: { here: { role: 'app' }, there: { cluster: 'c2', role: 'app' } },
    objects: ['data/key'],
    probes: [
      granted('here', getObject('data/key')),
      refused('there', getObject('data/key'), { by: 'eks-auth', code: 'AccessDeniedException', status: 400 }),
    ],
  });
});
