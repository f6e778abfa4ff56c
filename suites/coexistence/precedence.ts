/** Which credentials a pod uses if its service account has a role by Pod Identity, by IRSA, or by both. */
import {
  admitPod,
  allow,
  annotateServiceAccount,
  denied,
  getObject,
  granted,
  irsaRole,
  podIdentityRole,
  succeeds,
  suite,
  trustPodIdentity,
  trustWebIdentity,
  whoAmI,
} from '../../harness/index.ts';
import { may, mayNot } from '../lib/sessions.ts';
import { NOT_ALLOWED } from '../lib/outcomes.ts';
import { WEB } from '../lib/worlds.ts';

const WEBHOOK = 'amazon-eks-pod-identity-webhook, mutation of pods: the association is looked up before the annotation';
const OVERVIEW = 'Amazon EKS User Guide, "Learn how EKS Pod Identity works"';
/** A role for each way, for the service account `app` in namespace `app`. */
const ROLES = { associated: podIdentityRole(), annotated: irsaRole('app/app') } as const;

suite('coexistence', ({ scenario }) => {
  scenario('CO-01', 'a new pod of a service account with both gets Pod Identity alone', {
    profile: 'core',
    source: WEBHOOK,
    needs: ['irsa'],
    roles: ROLES,
    workloads: { app: { role: 'associated', irsa: 'annotated' } },
    probes: [
      granted('app', whoAmI(), { as: 'associated' }),
      succeeds(admitPod('app'), { injected: 'pod-identity', 'irsaVolume.present': false }),
    ],
  });

  scenario('CO-06', 'two service accounts of a namespace, one of each kind, keep to their own', {
    source: `${OVERVIEW}; "Assign IAM roles to Kubernetes service accounts"`,
    needs: ['irsa'],
    roles: {
      pod: podIdentityRole(allow('s3:GetObject', 'data/pod/*')),
      web: irsaRole('app/web', allow('s3:GetObject', 'data/web/*')),
    },
    workloads: { pod: { serviceAccount: 'pod', role: 'pod' }, web: { serviceAccount: 'web', irsa: 'web' } },
    objects: ['data/pod/key', 'data/web/key'],
    probes: [
      may('pod', getObject('data/pod/key')),
      mayNot('pod', getObject('data/web/key'), NOT_ALLOWED),
      granted('web', getObject('data/web/key')),
      denied('web', getObject('data/pod/key'), NOT_ALLOWED),
    ],
  });

  scenario('CO-10', 'one role serves both ways, and only Pod Identity brings tags', {
    source:
      'Amazon EKS User Guide, "Grant Kubernetes workloads access to AWS using Kubernetes Service Accounts", comparison',
    needs: ['irsa'],
    roles: {
      app: {
        trust: [trustPodIdentity(), trustWebIdentity({ subject: 'app/web' })],
        permissions: [
          allow('s3:GetObject', 'data/open/*'),
          allow('s3:GetObject', 'data/${aws:PrincipalTag/kubernetes-namespace}/*'),
        ],
      },
    },
    workloads: { pod: { serviceAccount: 'pod', role: 'app' }, web: { serviceAccount: 'web', irsa: 'app' } },
    tokens: { web: { serviceAccount: 'app/web', audience: 'sts.amazonaws.com' } },
    objects: ['data/open/key', 'data/<namespace:app>/key'],
    probes: [
      may('pod', getObject('data/open/key')),
      may('pod', getObject('data/<namespace:app>/key')),
      may(WEB, getObject('data/open/key')),
      mayNot(WEB, getObject('data/<namespace:app>/key'), NOT_ALLOWED),
    ],
  });

  scenario('CO-11', "the service account's token-expiration counts in both ways", {
    source: 'amazon-eks-pod-identity-webhook, README, service account annotations',
    roles: ROLES,
    workloads: {
      app: { role: 'associated', irsa: 'annotated', serviceAccountAnnotations: { 'token-expiration': '7200' } },
      web: { serviceAccount: 'web', irsa: 'annotated', serviceAccountAnnotations: { 'token-expiration': '7200' } },
    },
    probes: [
      succeeds(admitPod('app'), { injected: 'pod-identity', 'podIdentityVolume.expirationSeconds': 7200 }),
      succeeds(admitPod('web'), { injected: 'irsa', 'irsaVolume.expirationSeconds': 7200 }),
      annotateServiceAccount('app', { 'token-expiration': null }),
      succeeds(admitPod('app'), {
        injected: 'pod-identity',
        'podIdentityVolume.expirationSeconds': { between: [79_200, 86_400] },
      }),
    ],
  });
});
