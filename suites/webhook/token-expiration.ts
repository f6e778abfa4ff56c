/** How long injected tokens live. */
import { admitPod, between, irsaRole, podIdentityRole, succeeds, suite } from '../../harness/index.ts';
import { WEBHOOK, WEBHOOK_HANDLER } from '../lib/sources.ts';
import { ASSOCIATED } from '../lib/worlds.ts';
import { annotated, BOTH_WAYS } from './lib/both-ways.ts';
import { JITTERED } from './lib/settings.ts';

const ANNOTATED = { roles: { app: irsaRole('app/app') }, workloads: { app: { irsa: 'app' } } } as const;

suite('webhook', ({ scenario }) => {
  scenario('WH-26', 'token-expiration: a day is varied in Pod Identity, and longer is as it is', {
    keywords: ['token expiry'],
    source: `${WEBHOOK_HANDLER}, jitter of the default; ${WEBHOOK}, annotation token-expiration`,
    ...BOTH_WAYS,
    probes: [
      succeeds(admitPod('pi', annotated('token-expiration', '86400'), { repeat: 10 }), {
        'expirationSeconds.least': JITTERED,
        'expirationSeconds.distinct': between(2, 10),
      }),
      succeeds(admitPod('pi', annotated('token-expiration', '90000')), {
        'podIdentityVolume.expirationSeconds': 90_000,
      }),
      // Of what is asked for, the default alone is varied.
      succeeds(admitPod('pi', annotated('token-expiration', '80000')), {
        'podIdentityVolume.expirationSeconds': 80_000,
      }),
      ...['-1', '60'].map((text) =>
        succeeds(admitPod('pi', annotated('token-expiration', text)), { 'podIdentityVolume.expirationSeconds': 600 }),
      ),
      ...Object.entries({ 599: 600, 601: 601 }).map(([text, seconds]) =>
        succeeds(admitPod('web', annotated('token-expiration', text)), { 'irsaVolume.expirationSeconds': seconds }),
      ),
      // Whole numbers in digits, as Go's ParseInt reads them; anything else is none.
      succeeds(admitPod('web', annotated('token-expiration', '+7200')), { 'irsaVolume.expirationSeconds': 7200 }),
      ...['7200.0', '7.2e3', '0x1c20', '7_200', ' 7200', '7200s', '', '9223372036854775808'].map((text) =>
        succeeds(admitPod('web', annotated('token-expiration', text)), { 'irsaVolume.expirationSeconds': 86_400 }),
      ),
      succeeds(admitPod('web', annotated('token-expiration', '86400'), { repeat: 3 }), {
        'expirationSeconds.least': 86_400,
        'expirationSeconds.greatest': 86_400,
      }),
    ],
  });

  scenario('WH-03', 'Pod Identity tokens of pods made at once expire at different times', {
    keywords: ['token expiry'],
    source: WEBHOOK_HANDLER + ', jitter of the token expiration',
    ...ASSOCIATED,
    probes: [
      succeeds(admitPod('app', {}, { repeat: 20 }), {
        pods: 20,
        // All over the two hours: that none of so many is in one of them happens once in a million runs.
        'expirationSeconds.least': between(79_200, 82_800),
        'expirationSeconds.greatest': between(82_800, 86_400),
        'expirationSeconds.distinct': between(2, 20),
      }),
    ],
  });

  scenario('WH-04', 'IRSA tokens live a day, all alike', {
    source: WEBHOOK + ', token expiration',
    ...ANNOTATED,
    probes: [
      succeeds(admitPod('app', {}, { repeat: 5 }), {
        'expirationSeconds.least': 86_400,
        'expirationSeconds.greatest': 86_400,
      }),
    ],
  });

  scenario('WH-05', 'a token lives no less than ten minutes, whatever an annotation says', {
    source: WEBHOOK + ', annotation token-expiration',
    roles: { pi: podIdentityRole(), web: irsaRole('app/web') },
    workloads: {
      pi: { serviceAccount: 'pi', role: 'pi', serviceAccountAnnotations: { 'token-expiration': '60' } },
      web: { serviceAccount: 'web', irsa: 'web', serviceAccountAnnotations: { 'token-expiration': '60' } },
    },
    probes: [
      succeeds(admitPod('pi'), { 'podIdentityVolume.expirationSeconds': 600 }),
      succeeds(admitPod('web'), { 'irsaVolume.expirationSeconds': 600 }),
    ],
  });

  scenario('WH-05b', "the pod's token expiration wins over the service account's", {
    profile: 'core',
    source: WEBHOOK + ', annotation token-expiration',
    roles: ASSOCIATED.roles,
    workloads: { app: { role: 'app', serviceAccountAnnotations: { 'token-expiration': '1200' } } },
    probes: [
      succeeds(admitPod('app'), { 'podIdentityVolume.expirationSeconds': 1200 }),
      succeeds(admitPod('app', { metadata: { annotations: { 'eks.amazonaws.com/token-expiration': '3600' } } }), {
        'podIdentityVolume.expirationSeconds': 3600,
      }),
    ],
  });

  scenario('WH-06', 'a token expiration that is no number counts for nothing', {
    source: 'amazon-eks-pod-identity-webhook source, pkg/annotations.go and pkg/cache/cache.go',
    roles: { pi: podIdentityRole(), web: irsaRole('app/web') },
    workloads: {
      pi: { serviceAccount: 'pi', role: 'pi', serviceAccountAnnotations: { 'token-expiration': 'abc' } },
      web: { serviceAccount: 'web', irsa: 'web', serviceAccountAnnotations: { 'token-expiration': 'abc' } },
    },
    probes: [
      succeeds(admitPod('pi'), { 'podIdentityVolume.expirationSeconds': JITTERED }),
      succeeds(admitPod('web'), { 'irsaVolume.expirationSeconds': 86_400 }),
      succeeds(admitPod('web', { metadata: { annotations: { 'eks.amazonaws.com/token-expiration': '1h' } } }), {
        'irsaVolume.expirationSeconds': 86_400,
      }),
    ],
  });
});
