/** Which pods an association matches, by namespace, service account and start time. */
import {
  admitPod,
  askEksAuth,
  controlSucceeds,
  createAssociation,
  fetchCredentials,
  granted,
  podIdentityRole,
  refused,
  restartPod,
  succeeds,
  suite,
  whoAmI,
} from '../../harness/index.ts';
import { NOT_INJECTED } from '../lib/outcomes.ts';
import { HOW_IT_GRANTS } from '../lib/sources.ts';
import { APP } from '../lib/worlds.ts';

const roles = { app: podIdentityRole() } as const;

suite('pod-identity', ({ scenario }) => {
  scenario('PI-02', 'a pod that starts before its association gets no credentials until it is restarted', {
    profile: 'core',
    source: `${HOW_IT_GRANTS}; amazon-eks-pod-identity-webhook, pods are changed only at admission`,
    keywords: ['webhook missing'],
    roles,
    workloads: { app: {} },
    probes: [
      refused('app', whoAmI(), NOT_INJECTED),
      createAssociation('app', 'app'),
      refused('app', fetchCredentials(), NOT_INJECTED),
      restartPod('app'),
      granted('app', fetchCredentials()),
    ],
  });

  for (const [id, title, other] of [
    ['PI-04', 'a pod of another service account gets no credentials', { serviceAccount: 'other' }],
    ['PI-05', 'a pod with the same account name in another namespace gets no credentials', { namespace: 'other' }],
  ] as const)
    scenario(id, title, {
      profile: 'core',
      source: HOW_IT_GRANTS,
      roles,
      workloads: { ...APP, other },
      probes: [controlSucceeds(askEksAuth('app')), refused('other', fetchCredentials(), NOT_INJECTED)],
    });

  scenario('PI-06', 'an association can be created before its namespace and service account', {
    source: 'Amazon EKS User Guide, "Assign an IAM role to a Kubernetes service account": neither needs to exist',
    roles,
    workloads: { app: { role: 'app', associationFirst: true } },
    probes: [succeeds(admitPod('app'), { injected: 'pod-identity' }), succeeds(askEksAuth('app'))],
  });
});
