/** Webhooks that cannot be reached, or have not yet seen a service account. */
import {
  admitPod,
  createAssociationFor,
  cutWebhook,
  fetchCredentials,
  granted,
  isAbsent,
  matching,
  refused,
  startPod,
  succeeds,
  suite,
  whoAmI,
} from '../../harness/index.ts';
import { NOT_INJECTED } from '../lib/outcomes.ts';
import { WEBHOOK_HANDLER } from '../lib/sources.ts';
import { ASSOCIATED } from '../lib/worlds.ts';
import { POD, post, review } from './lib/reviews.ts';

const podOf = (serviceAccountName: string) => ({ ...POD, spec: { ...POD.spec, serviceAccountName } });

suite('webhook', ({ scenario }) => {
  scenario('WH-18', 'if the webhook cannot be reached, pods start without credentials and without an error', {
    keywords: ['webhook missing', 'webhook unavailable'],
    source: 'Kubernetes documentation, "Dynamic Admission Control", failure policy; eks-pod-identity-agent, issue 153',
    finding:
      'The webhook fails open: a pod that is created while it cannot be reached has no credentials settings for its whole life. Watch for pods without the label eks.amazonaws.com/pod-identity.',
    roles: ASSOCIATED.roles,
    workloads: { app: { role: 'app', starts: 'later' } },
    probes: [
      succeeds(admitPod('app'), { injected: 'pod-identity' }),
      cutWebhook(),
      succeeds(admitPod('app'), { injected: 'none', label: isAbsent }),
      startPod('app'),
      refused('app', fetchCredentials(), NOT_INJECTED),
    ],
  });

  scenario('WH-18b', 'pods act as the node if the caBundle of the webhook configuration is outdated', {
    keywords: ['webhook missing', 'expired certificate'],
    source:
      'Kubernetes documentation, "Dynamic Admission Control", clientConfig.caBundle; eks-pod-identity-agent, issue 153',
    finding:
      "A webhook configuration whose caBundle does not match the webhook's certificate injects nothing and reports no error: pods that reach instance metadata then act as the node's role.",
    roles: ASSOCIATED.roles,
    workloads: { app: { role: 'app', imds: 'reachable', starts: 'later' } },
    probes: [
      succeeds(admitPod('app'), { injected: 'pod-identity' }),
      cutWebhook({ by: 'ca' }),
      succeeds(admitPod('app'), { injected: 'none', label: isAbsent }),
      startPod('app'),
      refused('app', fetchCredentials(), NOT_INJECTED),
      granted('app', whoAmI(), { as: 'node' }),
    ],
  });

  scenario('WH-20', 'an association applies although the webhook has not yet seen the service account', {
    source: `${WEBHOOK_HANDLER}: container credentials are looked up by name; webhook issue 174`,
    roles: ASSOCIATED.roles,
    probes: [
      succeeds(createAssociationFor('app/unseen', { role: 'app' }, { name: 'unseen' })),
      // For an unknown account, flags and annotations do not apply.
      succeeds(post(review(podOf('unseen'))), {
        patched: true,
        patch: matching(/^(?!.*AWS_STS_REGIONAL)(?=.*"expirationSeconds":(79[2-9]\d\d|8[0-6]\d{3}),)/),
      }),
      // The association is for another namespace; both names are equal when joined by a dash.
      succeeds(createAssociationFor('app/app', { role: 'app' }, { namespaceSuffix: '-more', name: 'more' })),
      succeeds(post(review(podOf('more-app'))), { patched: false }),
      // Without an association and an account, the webhook changes nothing and allows the pod.
      succeeds(post(review(podOf('nobody'))), { patched: false }),
    ],
  });
});
