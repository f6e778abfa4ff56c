/** Pods for Windows nodes. */
import { admitPod, matching, succeeds, suite } from '../../harness/index.ts';
import { WEBHOOK_HANDLER } from '../lib/sources.ts';
import { ASSOCIATED, TOKEN_DIRECTORY } from '../lib/worlds.ts';
import { BOTH_WAYS } from './lib/both-ways.ts';
import { TOKEN_FILE, WEB_TOKEN_FILE } from './lib/settings.ts';

suite('webhook', ({ scenario }) => {
  scenario('WH-13', 'a pod for Windows nodes gets a Windows path', {
    source: WEBHOOK_HANDLER + ', node selector; webhook test data',
    ...ASSOCIATED,
    probes: [
      succeeds(admitPod('app', { spec: { nodeSelector: { 'kubernetes.io/os': 'windows' } } }), {
        [`app.env.${TOKEN_FILE}`]:
          'C:\\var\\run\\secrets\\pods.eks.amazonaws.com\\serviceaccount\\eks-pod-identity-token',
        'app.mount': `${TOKEN_DIRECTORY} (read only)`,
      }),
    ],
  });

  scenario('WH-13b', 'the webhook recognizes Windows by the node selector, with the old or the new label', {
    source: WEBHOOK_HANDLER + ', node selector; webhook test data',
    ...BOTH_WAYS,
    probes: [
      succeeds(admitPod('pi', { spec: { nodeSelector: { 'beta.kubernetes.io/os': 'windows' } } }), {
        [`app.env.${TOKEN_FILE}`]: matching(/^C:\\var\\run\\secrets\\pods\.eks/),
      }),
      succeeds(admitPod('web', { spec: { nodeSelector: { 'kubernetes.io/os': 'windows' } } }), {
        [`app.env.${WEB_TOKEN_FILE}`]: 'C:\\var\\run\\secrets\\eks.amazonaws.com\\serviceaccount\\token',
      }),
      succeeds(
        admitPod('web', {
          spec: { nodeSelector: { 'kubernetes.io/os': 'linux', 'beta.kubernetes.io/os': 'windows' } },
        }),
        { [`app.env.${WEB_TOKEN_FILE}`]: matching(/^C:/) },
      ),
      ...[
        { nodeSelector: { 'kubernetes.io/os': 'linux' } },
        { nodeSelector: { 'kubernetes.io/os': 'Windows' } },
        // The webhook ignores this field, like schedulers.
        { os: { name: 'windows' } },
      ].map((spec) =>
        succeeds(admitPod('pi', { spec }), { [`app.env.${TOKEN_FILE}`]: matching(/^\/var\/run\/secrets\/pods\.eks/) }),
      ),
    ],
  });
});
