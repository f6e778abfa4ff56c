/** Which service account tokens STS accepts. */
import {
  advanceClock,
  assumeByToken,
  assumeWithWebIdentity,
  between,
  control,
  controlSucceeds,
  fails,
  granted,
  irsaRole,
  kubernetesApiToken,
  readFile,
  refused,
  restartPod,
  succeeds,
  suite,
  text,
  trustWebIdentity,
} from '../../harness/index.ts';
import { BAD_WEB_TOKEN, WRONG_AUDIENCE } from '../lib/outcomes.ts';
import { SIGNING_KEYS, toLastHourOfKey, toNextKey } from '../lib/signing-keys.ts';
import { HOW_IT_WORKS, OIDC_PROVIDERS, WEB_IDENTITY } from '../lib/sources.ts';
import { BY_TOKEN, POD_IDENTITY, WEB_TOKEN } from '../lib/worlds.ts';

const APP = { roles: { app: irsaRole('app/app') }, workloads: { app: { irsa: 'app' } } } as const;

suite('irsa', ({ scenario }) => {
  scenario('IR-10', 'STS rejects an expired token', {
    profile: 'core',
    source: `${WEB_IDENTITY}, errors: ExpiredTokenException`,
    keywords: ['token expiry'],
    roles: APP.roles,
    workloads: { app: {} },
    tokens: { ...WEB_TOKEN, short: { ...WEB_TOKEN.web, expirationSeconds: 600 } },
    probes: [
      controlSucceeds(assumeByToken('app', 'short')),
      advanceClock(660),
      fails(assumeByToken('app', 'short'), { by: 'sts', code: 'ExpiredTokenException', status: 400 }),
      succeeds(assumeByToken('app', 'web')),
    ],
  });

  scenario('IR-11', "STS accepts only tokens that the cluster's issuer signed", {
    profile: 'core',
    source: `${WEB_IDENTITY}, errors: InvalidIdentityToken`,
    ...APP,
    probes: [
      control('app', assumeWithWebIdentity('app')),
      ...(['flip-signature', 'self-signed', 'alg-none'] as const).map((change) =>
        refused('app', assumeWithWebIdentity('app', { change }), BAD_WEB_TOKEN),
      ),
      refused('app', assumeWithWebIdentity('app', { token: text('no token at all') }), BAD_WEB_TOKEN),
    ],
  });

  scenario('IR-11b', 'STS rejects a forged token even if the trust policy requires only a subject', {
    source: `${WEB_IDENTITY}, errors: InvalidIdentityToken`,
    // Requires only the subject, which a forger can set.
    roles: { app: { trust: [trustWebIdentity({ subject: 'app/app', audience: null })] } },
    ...BY_TOKEN,
    probes: [
      controlSucceeds(assumeByToken('app', 'web')),
      ...(['self-signed', 'alg-none', 'unknown-key-id'] as const).map((change) =>
        fails(assumeByToken('app', 'web', { change }), BAD_WEB_TOKEN),
      ),
    ],
  });

  scenario('IR-19', "AssumeRoleWithWebIdentity rejects Pod Identity's token", {
    source: `${OIDC_PROVIDERS}: audience; ${HOW_IT_WORKS}`,
    keywords: ['wrong audience'],
    roles: APP.roles,
    workloads: { app: {} },
    tokens: { ...WEB_TOKEN, 'pod-identity': { serviceAccount: 'app/app', audience: POD_IDENTITY, boundTo: 'app' } },
    probes: [controlSucceeds(assumeByToken('app', 'web')), fails(assumeByToken('app', 'pod-identity'), WRONG_AUDIENCE)],
  });

  scenario('IR-20', 'AssumeRoleWithWebIdentity rejects the token for the Kubernetes API', {
    profile: 'core',
    source: `${OIDC_PROVIDERS}: audience; Kubernetes documentation, "Service Accounts"`,
    keywords: ['wrong audience'],
    ...APP,
    probes: [
      control('app', assumeWithWebIdentity('app')),
      refused('app', assumeWithWebIdentity('app', { token: kubernetesApiToken }), BAD_WEB_TOKEN),
    ],
  });

  scenario('IR-33', "STS accepts tokens of the cluster's next key, and unexpired tokens of the previous key", {
    source: SIGNING_KEYS,
    needs: ['cluster-clock'],
    ...APP,
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

  scenario('IR-24', "a pod's token file exists before the pod's first process starts", {
    keywords: ['init container', 'web identity token file'],
    source:
      'Kubernetes documentation, "Init Containers": they wait until the storage is ready; ' +
      'amazon-eks-pod-identity-webhook, issue 34: token files that were missing at first',
    roles: APP.roles,
    workloads: { app: { irsa: 'app', container: 'init' } },
    probes: [
      // An empty file is not enough.
      granted('app', readFile('/var/run/secrets/eks.amazonaws.com/serviceaccount/token'), {
        facts: { bytes: between(500, 5000) },
      }),
    ],
  });
});
