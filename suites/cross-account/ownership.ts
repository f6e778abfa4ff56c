/** Clusters and associations are found only from their own account. */
import {
  allow,
  askEksAuth,
  describeAssociation,
  fails,
  listTags,
  podIdentityRole,
  succeeds,
  suite,
  trustWebIdentity,
} from '../../harness/index.ts';
import { as, ID, TOKEN, WORKLOADS } from '../lib/association-controller.ts';
import { EKS_API } from '../lib/sources.ts';

suite('cross-account', ({ scenario }) => {
  scenario('XA-17', "clusters and associations are only visible in the caller's account", {
    source: `${EKS_API} DescribePodIdentityAssociation, ResourceNotFoundException; EKS Auth API Reference, AssumeRoleForPodIdentity, ResourceNotFoundException`,
    providers: [{ cluster: 'c1', account: 'other', clientIds: ['sts.amazonaws.com'] }],
    roles: {
      app: podIdentityRole(),
      far: {
        account: 'other',
        trust: [trustWebIdentity({ account: 'other', subject: 'app/controller' })],
        permissions: [allow(['eks:*', 'eks-auth:*'], '*')],
      },
    },
    workloads: WORKLOADS,
    tokens: TOKEN,
    probes: [
      succeeds(describeAssociation(ID), { roleArn: '<role:app>' }),
      fails(describeAssociation(ID, as('far')), { by: 'eks', code: 'ResourceNotFoundException', status: 404 }),
      succeeds(askEksAuth('app'), { roleArn: '<role:app>' }),
      fails(askEksAuth('app', as('far')), { by: 'eks-auth', code: 'ResourceNotFoundException', status: 404 }),
      succeeds(listTags('<cluster-arn:c1>')),
      fails(listTags('<cluster-arn:c1>', as('far')), {
        by: 'eks',
        code: ['AccessDeniedException', 'NotFoundException', 'ResourceNotFoundException', 'BadRequestException'],
      }),
    ],
  });
});
