/** Pods before and after an association is created or deleted for a service account with IRSA. */
import {
  admitPod,
  askEksAuth,
  assumeWithWebIdentity,
  controlSucceeds,
  createAssociation,
  deleteAssociation,
  fetchCredentials,
  granted,
  irsaRole,
  noToken,
  podIdentityRole,
  refused,
  restartPod,
  startPod,
  succeeds,
  suite,
  trustWebIdentity,
  whoAmI,
} from '../../harness/index.ts';
import { BAD_WEB_TOKEN, NO_ASSOCIATION, NOT_INJECTED } from '../lib/outcomes.ts';

const WEBHOOK = 'amazon-eks-pod-identity-webhook, mutation of pods: the association is looked up before the annotation';
const RUNNING_PODS = 'Amazon EKS User Guide, "Assign an IAM role to a Kubernetes service account": recreate the pods';
/** A role for each way, for the service account `app` in namespace `app`. */
const ROLES = { associated: podIdentityRole(), annotated: irsaRole('app/app') } as const;
/** The role of the annotation by the SDK's chain, and nothing of Pod Identity in the pod. */
const usesIrsa = (workload: string) => [
  granted(workload, whoAmI(), { as: 'annotated' }),
  refused(workload, fetchCredentials(), NOT_INJECTED),
];

suite('coexistence', ({ scenario }) => {
  scenario('CO-02', 'a running IRSA pod keeps its role when an association comes', {
    profile: 'core',
    source: RUNNING_PODS,
    needs: ['irsa'],
    roles: ROLES,
    workloads: { app: { irsa: 'annotated' } },
    probes: [
      ...usesIrsa('app'),
      createAssociation('app', 'associated'),
      ...usesIrsa('app'),
      granted('app', assumeWithWebIdentity('annotated')),
      // The association is there for the next pod.
      succeeds(admitPod('app'), { injected: 'pod-identity' }),
    ],
  });

  scenario('CO-03', 'the next pod has the role of the association', {
    source: WEBHOOK,
    needs: ['irsa'],
    roles: ROLES,
    workloads: { app: { irsa: 'annotated', starts: 'later' } },
    probes: [
      controlSucceeds(admitPod('app'), { injected: 'irsa' }),
      createAssociation('app', 'associated'),
      startPod('app'),
      granted('app', whoAmI(), { as: 'associated' }),
    ],
  });

  scenario('CO-04', 'the next pod after the association was deleted is back at IRSA', {
    source: WEBHOOK,
    needs: ['irsa'],
    roles: ROLES,
    workloads: { app: { role: 'associated', irsa: 'annotated', starts: 'later' } },
    probes: [
      controlSucceeds(admitPod('app'), { injected: 'pod-identity' }),
      deleteAssociation('app'),
      startPod('app'),
      ...usesIrsa('app'),
    ],
  });

  scenario('CO-05', 'a running pod whose association was deleted does not fall back to IRSA', {
    source: 'EKS Auth API Reference, AssumeRoleForPodIdentity, errors; settings are injected at admission alone',
    needs: ['irsa'],
    roles: ROLES,
    workloads: { app: { role: 'associated', irsa: 'annotated' } },
    probes: [
      // It has its settings, and the agent holds no credentials for it yet.
      refused('app', fetchCredentials({ token: noToken }), { by: 'agent', code: '400' }),
      controlSucceeds(askEksAuth('app')),
      deleteAssociation('app'),
      refused('app', whoAmI(), NO_ASSOCIATION),
    ],
  });

  scenario('CO-09', 'a pod that was started ahead of its association meets what its annotation leads to', {
    // The annotation is left over from an account that has no OIDC provider for this cluster.
    source: `${WEBHOOK}; AWS STS API Reference, AssumeRoleWithWebIdentity, InvalidIdentityToken`,
    finding:
      'A pod that starts before its association has reached the webhook gets the settings of a left-over role-arn annotation for its whole life: remove the annotation, or start pods after the association.',
    needs: ['irsa', 'two-clusters', 'two-accounts'],
    roles: {
      associated: podIdentityRole(),
      elsewhere: {
        account: 'other',
        trust: [trustWebIdentity({ cluster: 'c2', account: 'other', subject: 'app/app' })],
      },
    },
    workloads: { app: { cluster: 'c2', irsa: 'elsewhere' } },
    probes: [
      refused('app', assumeWithWebIdentity('elsewhere'), BAD_WEB_TOKEN),
      createAssociation('app', 'associated'),
      restartPod('app'),
      granted('app', whoAmI(), { as: 'associated' }),
    ],
  });
});
