/** IAM roles for service accounts: which tokens and OIDC providers STS accepts. */
import {
  admitPod,
  advanceClock,
  assumeWithWebIdentity,
  between,
  clearWeather,
  control,
  controlSucceeds,
  granted,
  irsaRole,
  kubernetesApiToken,
  minted,
  podIdentityRole,
  podIdentityToken,
  readFile,
  refused,
  restartPod,
  succeeds,
  suite,
  text,
  trustWebIdentity,
  weather,
} from '../harness/index.ts';
import { SIGNING_KEYS, toLastHourOfKey, toNextKey } from './lib/signing-keys.ts';
import { BAD_WEB_TOKEN } from './lib/outcomes.ts';
import { OIDC_PROVIDERS, WEB_IDENTITY, WEBHOOK } from './lib/sources.ts';

/** The token's audience is none of the provider's client ids. */
const WRONG_AUDIENCE = { ...BAD_WEB_TOKEN, message: 'Incorrect token audience' } as const;

const CUSTOM_AUDIENCE = 'conformance.example.com';

suite('irsa', ({ scenario }) => {
  scenario('IR-04', "an account without a provider of the cluster's issuer opens no role", {
    source: OIDC_PROVIDERS,
    roles: {
      app: { trust: [trustWebIdentity({ cluster: 'c2', subject: 'app/app' })] },
      elsewhere: {
        trust: [trustWebIdentity({ cluster: 'c2', account: 'other', subject: 'app/app' })],
        account: 'other',
      },
    },
    workloads: { app: { cluster: 'c2', irsa: 'app' } },
    probes: [
      control('app', assumeWithWebIdentity('app')),
      refused('app', assumeWithWebIdentity('elsewhere'), {
        ...BAD_WEB_TOKEN,
        message: 'No OpenIDConnect provider found in your account for https://<issuer:c2>',
      }),
    ],
  });

  scenario('IR-05', 'a provider accepts the audiences of its client ids alone', {
    profile: 'core',
    source: `${OIDC_PROVIDERS}: audience`,
    providers: [{ cluster: 'c1', account: 'other', clientIds: [CUSTOM_AUDIENCE] }],
    roles: {
      app: irsaRole('app/app'),
      elsewhere: {
        trust: [trustWebIdentity({ account: 'other', subject: 'app/app', audience: null })],
        account: 'other',
      },
    },
    workloads: { app: { irsa: 'app' } },
    tokens: { custom: { serviceAccount: 'app/app', audience: CUSTOM_AUDIENCE } },
    probes: [
      control('app', assumeWithWebIdentity('app')),
      control('app', assumeWithWebIdentity('elsewhere', { token: minted('custom') })),
      refused('app', assumeWithWebIdentity('elsewhere'), WRONG_AUDIENCE),
    ],
  });

  scenario('IR-10', 'an expired token opens nothing', {
    profile: 'core',
    source: `${WEB_IDENTITY}, errors: ExpiredTokenException`,
    roles: { app: irsaRole('app/app') },
    workloads: { app: { irsa: 'app' } },
    tokens: { short: { serviceAccount: 'app/app', audience: 'sts.amazonaws.com', expirationSeconds: 600 } },
    probes: [
      control('app', assumeWithWebIdentity('app', { token: minted('short') })),
      advanceClock(660),
      refused('app', assumeWithWebIdentity('app', { token: minted('short') }), {
        by: 'sts',
        code: 'ExpiredTokenException',
        status: 400,
      }),
      granted('app', assumeWithWebIdentity('app')),
    ],
  });

  scenario('IR-11', "only tokens that the cluster's issuer signed open a role", {
    profile: 'core',
    source: `${WEB_IDENTITY}, errors: InvalidIdentityToken`,
    roles: { app: irsaRole('app/app') },
    workloads: { app: { irsa: 'app' } },
    probes: [
      control('app', assumeWithWebIdentity('app')),
      refused('app', assumeWithWebIdentity('app', { change: 'flip-signature' }), BAD_WEB_TOKEN),
      refused('app', assumeWithWebIdentity('app', { change: 'self-signed' }), BAD_WEB_TOKEN),
      refused('app', assumeWithWebIdentity('app', { change: 'alg-none' }), BAD_WEB_TOKEN),
      refused('app', assumeWithWebIdentity('app', { token: text('no token at all') }), BAD_WEB_TOKEN),
    ],
  });

  scenario('IR-11b', 'a forged token opens no role, whatever little the trust policy asks', {
    source: `${WEB_IDENTITY}, errors: InvalidIdentityToken`,
    // Nothing but the subject, which a forger writes as it must be.
    roles: { app: { trust: [trustWebIdentity({ subject: 'app/app', audience: null })] } },
    workloads: { app: { irsa: 'app' } },
    probes: [
      control('app', assumeWithWebIdentity('app')),
      refused('app', assumeWithWebIdentity('app', { change: 'self-signed' }), BAD_WEB_TOKEN),
      refused('app', assumeWithWebIdentity('app', { change: 'alg-none' }), BAD_WEB_TOKEN),
    ],
  });

  scenario('IR-19', "Pod Identity's token does not serve AssumeRoleWithWebIdentity", {
    source: `${OIDC_PROVIDERS}: audience; Amazon EKS User Guide, "Understand how EKS Pod Identity works"`,
    roles: { app: podIdentityRole(), web: irsaRole('app/app') },
    workloads: { app: { role: 'app' } },
    tokens: { web: { serviceAccount: 'app/app', audience: 'sts.amazonaws.com' } },
    probes: [
      control('app', assumeWithWebIdentity('web', { token: minted('web') })),
      refused('app', assumeWithWebIdentity('web', { token: podIdentityToken }), WRONG_AUDIENCE),
    ],
  });

  scenario('IR-20', 'the token for the Kubernetes API does not serve AssumeRoleWithWebIdentity', {
    profile: 'core',
    source: `${OIDC_PROVIDERS}: audience; Kubernetes documentation, "Service Accounts"`,
    roles: { app: irsaRole('app/app') },
    workloads: { app: { irsa: 'app' } },
    probes: [
      control('app', assumeWithWebIdentity('app')),
      refused('app', assumeWithWebIdentity('app', { token: kubernetesApiToken }), BAD_WEB_TOKEN),
    ],
  });

  scenario('IR-21', "while the issuer's keys cannot be fetched, no token is accepted", {
    source: `${WEB_IDENTITY}, errors: IDPCommunicationError and InvalidIdentityToken`,
    roles: { app: irsaRole('app/app') },
    workloads: { app: { irsa: 'app' } },
    probes: [
      control('app', assumeWithWebIdentity('app')),
      weather({
        service: 'sts',
        operation: 'FetchIssuerKeys',
        cluster: 'c1',
        error: { code: 'IDPCommunicationError', status: 400, message: 'The identity provider could not be reached' },
      }),
      refused('app', assumeWithWebIdentity('app'), {
        by: 'sts',
        code: ['IDPCommunicationError', 'InvalidIdentityToken'],
        status: 400,
      }),
      clearWeather(),
      granted('app', assumeWithWebIdentity('app')),
    ],
  });

  scenario('IR-33', "tokens by the cluster's next key are accepted, and those by the one before as long as they live", {
    source: SIGNING_KEYS,
    needs: ['cluster-clock'],
    roles: { app: irsaRole('app/app') },
    workloads: { app: { irsa: 'app' } },
    probes: [
      toLastHourOfKey(),
      control('app', assumeWithWebIdentity('app')),
      toNextKey(),
      granted('app', assumeWithWebIdentity('app')),
      // A new pod has a new token.
      restartPod('app'),
      granted('app', assumeWithWebIdentity('app')),
    ],
  });

  scenario('IR-22', "the pod's token expiration wins over the service account's", {
    source: `${WEBHOOK}: eks.amazonaws.com/token-expiration`,
    roles: { app: irsaRole('app/app') },
    workloads: { app: { irsa: 'app', serviceAccountAnnotations: { 'token-expiration': '3600' } } },
    probes: [
      succeeds(admitPod('app'), { injected: 'irsa', 'irsaVolume.expirationSeconds': 3600 }),
      succeeds(admitPod('app', { metadata: { annotations: { 'eks.amazonaws.com/token-expiration': '7200' } } }), {
        'irsaVolume.expirationSeconds': 7200,
      }),
    ],
  });

  scenario('IR-23', 'the audience annotation changes the token, which the provider must then list', {
    source: `${WEBHOOK}: eks.amazonaws.com/audience; ${OIDC_PROVIDERS}: audience`,
    roles: {
      app: irsaRole('app/app'),
      custom: { trust: [trustWebIdentity({ subject: 'app/custom', audience: CUSTOM_AUDIENCE })] },
    },
    workloads: {
      app: { irsa: 'app' },
      custom: { serviceAccount: 'custom', irsa: 'custom', serviceAccountAnnotations: { audience: CUSTOM_AUDIENCE } },
    },
    probes: [
      controlSucceeds(admitPod('app'), { 'irsaVolume.audience': 'sts.amazonaws.com' }),
      succeeds(admitPod('custom'), { injected: 'irsa', 'irsaVolume.audience': CUSTOM_AUDIENCE }),
      control('app', assumeWithWebIdentity('app')),
      refused('custom', assumeWithWebIdentity('custom'), WRONG_AUDIENCE),
    ],
  });

  scenario('IR-24', "a pod's token is in its place when the first of its processes starts", {
    source:
      'Kubernetes documentation, "Init Containers": they wait until the storage is ready; ' +
      'amazon-eks-pod-identity-webhook, issue 34: token files that were not there at first',
    roles: { app: irsaRole('app/app') },
    workloads: { app: { irsa: 'app', container: 'init' } },
    probes: [
      // An empty file would do for no claim.
      granted('app', readFile('/var/run/secrets/eks.amazonaws.com/serviceaccount/token'), {
        facts: { bytes: between(500, 5000) },
      }),
    ],
  });
});
