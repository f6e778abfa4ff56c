/** Which service account tokens STS accepts. */
import {
  advanceClock,
  assumeWithWebIdentity,
  between,
  control,
  granted,
  irsaRole,
  kubernetesApiToken,
  minted,
  podIdentityRole,
  podIdentityToken,
  readFile,
  refused,
  restartPod,
  suite,
  text,
  trustWebIdentity,
} from '../../harness/index.ts';
import { BAD_WEB_TOKEN } from '../lib/outcomes.ts';
import { SIGNING_KEYS, toLastHourOfKey, toNextKey } from '../lib/signing-keys.ts';
import { OIDC_PROVIDERS, WEB_IDENTITY } from '../lib/sources.ts';

/** The token's audience is none of the provider's client ids. */
const WRONG_AUDIENCE = { ...BAD_WEB_TOKEN, message: 'Incorrect token audience' } as const;

suite('irsa', ({ scenario }) => {
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
