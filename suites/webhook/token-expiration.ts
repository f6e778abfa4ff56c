/** Lifetimes of injected tokens. */
import { admitPod, between, succeeds, suite } from '../../harness/index.ts';
import { WEBHOOK, WEBHOOK_HANDLER } from '../lib/sources.ts';
import { ASSOCIATED } from '../lib/worlds.ts';
import { ANNOTATED, annotated, BOTH_WAYS, bothWith } from './lib/both-ways.ts';
import { JITTERED } from './lib/settings.ts';

/** Expects this token lifetime, in seconds, for a pod with this annotation. */
const lives = (like: 'pi' | 'web', text: string, seconds: number) =>
  succeeds(admitPod(like, annotated('token-expiration', text)), {
    [`${like === 'pi' ? 'podIdentityVolume' : 'irsaVolume'}.expirationSeconds`]: seconds,
  });

suite('webhook', ({ scenario }) => {
  scenario('WH-26', 'Pod Identity randomizes a token expiration of one day, and no other', {
    keywords: ['token expiry'],
    source: `${WEBHOOK_HANDLER}, jitter of the default; ${WEBHOOK}, annotation token-expiration`,
    ...BOTH_WAYS,
    probes: [
      succeeds(admitPod('pi', annotated('token-expiration', '86400'), { repeat: 10 }), {
        'expirationSeconds.least': JITTERED,
        'expirationSeconds.distinct': between(2, 10),
      }),
      lives('pi', '90000', 90_000),
      // Only the default lifetime is randomized.
      lives('pi', '80000', 80_000),
      lives('pi', '-1', 600),
      lives('pi', '60', 600),
      lives('web', '599', 600),
      lives('web', '601', 601),
      // Go's ParseInt accepts whole numbers in digits; the webhook ignores anything else.
      lives('web', '+7200', 7200),
      ...['7200.0', '7.2e3', '0x1c20', '7_200', ' 7200', '7200s', '', '9223372036854775808'].map((text) =>
        lives('web', text, 86_400),
      ),
      succeeds(admitPod('web', annotated('token-expiration', '86400'), { repeat: 3 }), {
        'expirationSeconds.least': 86_400,
        'expirationSeconds.greatest': 86_400,
      }),
    ],
  });

  scenario('WH-03', 'Pod Identity tokens of pods created together expire at different times', {
    keywords: ['token expiry'],
    source: WEBHOOK_HANDLER + ', jitter of the token expiration',
    ...ASSOCIATED,
    probes: [
      succeeds(admitPod('app', {}, { repeat: 20 }), {
        pods: 20,
        // Spread over two hours. All twenty are in the same hour only once in a million runs.
        'expirationSeconds.least': between(79_200, 82_800),
        'expirationSeconds.greatest': between(82_800, 86_400),
        'expirationSeconds.distinct': between(2, 20),
      }),
    ],
  });

  scenario('WH-04', 'IRSA tokens all have a lifetime of one day', {
    source: WEBHOOK + ', token expiration',
    ...ANNOTATED,
    probes: [
      succeeds(admitPod('app', {}, { repeat: 5 }), {
        'expirationSeconds.least': 86_400,
        'expirationSeconds.greatest': 86_400,
      }),
    ],
  });

  scenario('WH-05', 'a token has a lifetime of at least ten minutes, even with a shorter annotation', {
    source: WEBHOOK + ', annotation token-expiration',
    ...bothWith('token-expiration', '60'),
    probes: [
      succeeds(admitPod('pi'), { 'podIdentityVolume.expirationSeconds': 600 }),
      succeeds(admitPod('web'), { 'irsaVolume.expirationSeconds': 600 }),
    ],
  });

  scenario('WH-05b', "the pod's token expiration overrides the service account's", {
    profile: 'core',
    source: WEBHOOK + ', annotation token-expiration',
    roles: ASSOCIATED.roles,
    workloads: { app: { role: 'app', serviceAccountAnnotations: { 'token-expiration': '1200' } } },
    probes: [
      succeeds(admitPod('app'), { 'podIdentityVolume.expirationSeconds': 1200 }),
      succeeds(admitPod('app', annotated('token-expiration', '3600')), { 'podIdentityVolume.expirationSeconds': 3600 }),
    ],
  });

  scenario('WH-06', 'the webhook ignores a token expiration that is not a number', {
    source: 'amazon-eks-pod-identity-webhook source, pkg/annotations.go and pkg/cache/cache.go',
    ...bothWith('token-expiration', 'abc'),
    probes: [
      succeeds(admitPod('pi'), { 'podIdentityVolume.expirationSeconds': JITTERED }),
      succeeds(admitPod('web'), { 'irsaVolume.expirationSeconds': 86_400 }),
      lives('web', '1h', 86_400),
    ],
  });
});
