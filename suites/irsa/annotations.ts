/** Annotations of service accounts: role, audience, token expiration. */
import {
  admitPod,
  annotateServiceAccount,
  assumeByToken,
  assumeWithWebIdentity,
  controlSucceeds,
  granted,
  irsaRole,
  refused,
  restartPod,
  succeeds,
  suite,
  trustWebIdentity,
  whoAmI,
} from '../../harness/index.ts';
import { INVALID, NOT_INJECTED, WRONG_AUDIENCE } from '../lib/outcomes.ts';
import { ASSIGN_ROLES, OIDC_PROVIDERS, WEB_IDENTITY, WEBHOOK } from '../lib/sources.ts';
import { WEB_TOKEN } from '../lib/worlds.ts';

const CUSTOM_AUDIENCE = 'conformance.example.com';
const annotated = (annotation: string, value: string) => ({
  metadata: { annotations: { [`eks.amazonaws.com/${annotation}`]: value } },
});

suite('irsa', ({ scenario }) => {
  scenario('IR-22', "a pod's token expiration overrides that of its service account", {
    source: `${WEBHOOK}: eks.amazonaws.com/token-expiration`,
    roles: { app: irsaRole('app/app') },
    workloads: { app: { irsa: 'app', serviceAccountAnnotations: { 'token-expiration': '3600' } } },
    probes: [
      succeeds(admitPod('app'), { injected: 'irsa', 'irsaVolume.expirationSeconds': 3600 }),
      succeeds(admitPod('app', annotated('token-expiration', '7200')), { 'irsaVolume.expirationSeconds': 7200 }),
    ],
  });

  scenario('IR-23', 'the audience annotation changes the audience of the token, which the provider must accept', {
    source: `${WEBHOOK}: eks.amazonaws.com/audience; ${OIDC_PROVIDERS}: audience`,
    keywords: ['wrong audience'],
    roles: {
      app: irsaRole('app/app'),
      custom: { trust: [trustWebIdentity({ subject: 'app/custom', audience: CUSTOM_AUDIENCE })] },
    },
    workloads: {
      app: { irsa: 'app' },
      custom: { serviceAccount: 'custom', irsa: 'custom', serviceAccountAnnotations: { audience: CUSTOM_AUDIENCE } },
    },
    tokens: WEB_TOKEN,
    probes: [
      controlSucceeds(admitPod('app'), { 'irsaVolume.audience': 'sts.amazonaws.com' }),
      succeeds(admitPod('custom'), { injected: 'irsa', 'irsaVolume.audience': CUSTOM_AUDIENCE }),
      controlSucceeds(assumeByToken('app', 'web')),
      refused('custom', assumeWithWebIdentity('custom'), WRONG_AUDIENCE),
    ],
  });

  scenario('IR-14', 'an annotation that is not an ARN is injected unchanged, and STS rejects it', {
    source: `${WEBHOOK}; ${WEB_IDENTITY}, RoleArn`,
    roles: { app: irsaRole('app/app') },
    workloads: { app: {}, wrong: { serviceAccount: 'wrong', irsa: { text: 'foo' } } },
    tokens: WEB_TOKEN,
    probes: [
      succeeds(admitPod('wrong'), { injected: 'irsa', 'app.env.AWS_ROLE_ARN': 'foo' }),
      controlSucceeds(assumeByToken('app', 'web')),
      refused('wrong', whoAmI(), INVALID),
    ],
  });

  scenario('IR-15', 'the role annotation only works on the service account', {
    source: WEBHOOK,
    roles: { app: irsaRole('app/app'), another: irsaRole('app/app') },
    workloads: { annotated: { irsa: 'app' }, plain: { serviceAccount: 'plain' } },
    probes: [
      controlSucceeds(admitPod('annotated'), { injected: 'irsa', 'app.env.AWS_ROLE_ARN': '<role:app>' }),
      succeeds(admitPod('annotated', annotated('role-arn', '<role:another>')), {
        'app.env.AWS_ROLE_ARN': '<role:app>',
      }),
      succeeds(admitPod('plain', annotated('role-arn', '<role:app>')), {
        injected: 'none',
        'irsaVolume.present': false,
      }),
    ],
  });

  scenario('IR-16', 'an added or removed annotation applies to pods that start later', {
    source: `${ASSIGN_ROLES}; ${WEBHOOK}: pods are changed only at admission`,
    roles: { app: irsaRole('app/app') },
    workloads: { app: {} },
    probes: [
      refused('app', whoAmI(), NOT_INJECTED),
      annotateServiceAccount('app', { 'role-arn': '<role:app>' }),
      refused('app', whoAmI(), NOT_INJECTED),
      restartPod('app'),
      granted('app', assumeWithWebIdentity('app')),
      annotateServiceAccount('app', { 'role-arn': null }),
      succeeds(admitPod('app'), { injected: 'none' }),
    ],
  });
});
