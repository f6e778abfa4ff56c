/** What the webhook injects into pods, for Pod Identity and for IRSA. */
import { admitPod, irsaRole, isAbsent, matching, podIdentityRole, succeeds, suite } from '../../harness/index.ts';
import { WEBHOOK, WEBHOOK_HANDLER } from '../lib/sources.ts';
import { ASSOCIATED, TOKEN_DIRECTORY } from '../lib/worlds.ts';
import { ANNOTATED, labelled } from './lib/both-ways.ts';
import { CREDENTIALS_URI, IRSA_ENV, JITTERED, POD_IDENTITY_ENV, TOKEN_FILE } from './lib/settings.ts';

/** Annotation values by service account, as parsed by Go's ParseBool. Invalid values leave the webhook's default. */
const REGIONAL_OFF = { zero: '0', letter: 'f', capital: 'F', title: 'False', upper: 'FALSE' };
const REGIONAL_ON = { no: 'no', mixed: 'fALSE', one: '1' };

suite('webhook', ({ scenario }) => {
  scenario('WH-01', 'a pod with an association gets exactly the Pod Identity settings', {
    profile: 'core',
    source: 'Amazon EKS User Guide, "Understand how EKS Pod Identity works"; ' + WEBHOOK_HANDLER,
    ...ASSOCIATED,
    probes: [
      succeeds(admitPod('app'), {
        injected: 'pod-identity',
        'app.envNames': POD_IDENTITY_ENV.join(),
        'app.env.AWS_STS_REGIONAL_ENDPOINTS': 'regional',
        [`app.env.${CREDENTIALS_URI}`]: matching(/^http:\/\/(169\.254\.170\.23|\[fd00:ec2::23\])\/v1\/credentials$/),
        [`app.env.${TOKEN_FILE}`]: `${TOKEN_DIRECTORY}/eks-pod-identity-token`,
        'app.mount': `${TOKEN_DIRECTORY} (read only)`,
        'podIdentityVolume.audience': 'pods.eks.amazonaws.com',
        'podIdentityVolume.path': 'eks-pod-identity-token',
        'podIdentityVolume.expirationSeconds': JITTERED,
        'irsaVolume.present': false,
        label: 'enabled',
      }),
    ],
  });

  scenario('WH-01b', 'a pod with association and role annotation gets only the Pod Identity settings', {
    source: WEBHOOK_HANDLER + ', container credentials come first',
    roles: { app: podIdentityRole(), web: irsaRole('app/app') },
    workloads: { app: { role: 'app', irsa: 'web' } },
    probes: [
      succeeds(admitPod('app'), {
        injected: 'pod-identity',
        'app.env.AWS_ROLE_ARN': isAbsent,
        'app.env.AWS_WEB_IDENTITY_TOKEN_FILE': isAbsent,
        'irsaVolume.present': false,
      }),
    ],
  });

  scenario('WH-02', 'a pod whose service account has a role annotation gets exactly the IRSA settings', {
    profile: 'core',
    source: 'Amazon EKS User Guide, "Configure Pods to use a Kubernetes service account"; ' + WEBHOOK_HANDLER,
    ...ANNOTATED,
    probes: [
      succeeds(admitPod('app'), {
        injected: 'irsa',
        'app.envNames': IRSA_ENV.join(),
        'app.env.AWS_ROLE_ARN': '<role:app>',
        'app.env.AWS_WEB_IDENTITY_TOKEN_FILE': '/var/run/secrets/eks.amazonaws.com/serviceaccount/token',
        'app.mount': '/var/run/secrets/eks.amazonaws.com/serviceaccount (read only)',
        'irsaVolume.audience': 'sts.amazonaws.com',
        'irsaVolume.path': 'token',
        'podIdentityVolume.present': false,
        label: isAbsent,
      }),
    ],
  });

  scenario('WH-02b', 'annotations of the service account set the audience and the STS endpoint', {
    source: WEBHOOK + ', annotations',
    roles: ANNOTATED.roles,
    workloads: {
      app: {
        irsa: 'app',
        serviceAccountAnnotations: { audience: 'https://vault.example.com, too', 'sts-regional-endpoints': 'false' },
      },
      ...Object.fromEntries(
        Object.entries({ ...REGIONAL_OFF, ...REGIONAL_ON }).map(([serviceAccount, value]) => [
          serviceAccount,
          { serviceAccount, irsa: 'app', serviceAccountAnnotations: { 'sts-regional-endpoints': value } },
        ]),
      ),
      text: { serviceAccount: 'text', serviceAccountAnnotations: { 'role-arn': ' no ARN ' } },
      empty: { serviceAccount: 'empty', serviceAccountAnnotations: { 'role-arn': '' } },
    },
    probes: [
      succeeds(admitPod('app'), {
        injected: 'irsa',
        'irsaVolume.audience': 'https://vault.example.com, too',
        'app.env.AWS_STS_REGIONAL_ENDPOINTS': isAbsent,
      }),
      ...Object.keys(REGIONAL_OFF).map((name) =>
        succeeds(admitPod(name), { injected: 'irsa', 'app.env.AWS_STS_REGIONAL_ENDPOINTS': isAbsent }),
      ),
      ...Object.keys(REGIONAL_ON).map((name) =>
        succeeds(admitPod(name), { 'app.env.AWS_STS_REGIONAL_ENDPOINTS': 'regional' }),
      ),
      // The webhook injects the annotation unchanged, and ignores an empty one.
      succeeds(admitPod('text'), { injected: 'irsa', 'app.env.AWS_ROLE_ARN': ' no ARN ' }),
      succeeds(admitPod('empty'), { injected: 'none' }),
    ],
  });

  scenario('WH-21', 'a pod that names no service account uses "default"', {
    source: 'Kubernetes documentation, "Configure Service Accounts for Pods"',
    roles: { app: podIdentityRole() },
    workloads: { app: { serviceAccount: 'default', role: 'app' }, other: { serviceAccount: 'other' } },
    probes: [
      succeeds(admitPod('app', { spec: { serviceAccountName: undefined } }), { injected: 'pod-identity' }),
      succeeds(admitPod('other'), { injected: 'none' }),
    ],
  });

  scenario('WH-22', "the webhook adds its label to the pod's own labels", {
    source: WEBHOOK_HANDLER + ', label',
    ...ASSOCIATED,
    probes: [
      succeeds(admitPod('app', labelled({ team: 'payments', 'app.kubernetes.io/name': 'app' })), {
        label: 'enabled',
        'labels.team': 'payments',
        'labels.app.kubernetes.io/name': 'app',
      }),
    ],
  });
});
