/** Webhooks that cannot be reached, or have not seen a service account yet. */
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
  scenario('WH-18', 'when the webhook cannot be reached, pods start without credentials and nobody is told', {
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

  scenario(
    'WH-18b',
    'a certificate authority that was left behind keeps the webhook from pods, which act as the node',
    {
      keywords: ['webhook missing', 'expired certificate'],
      source:
        'Kubernetes documentation, "Dynamic Admission Control", clientConfig.caBundle; eks-pod-identity-agent, issue 153',
      finding:
        "A webhook configuration whose caBundle is not that of the webhook's certificate injects nothing and tells nobody: pods that reach instance metadata then act as the node's role.",
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
    },
  );

  scenario('WH-20', 'an association counts though the webhook has not seen the service account yet', {
    source: `${WEBHOOK_HANDLER}: container credentials are looked up by name; webhook issue 174`,
    roles: ASSOCIATED.roles,
    probes: [
      succeeds(createAssociationFor('app/unseen', { role: 'app' }, { name: 'unseen' })),
      // Of an account that it does not know, no flag and no annotation counts.
      succeeds(post(review(podOf('unseen'))), {
        patched: true,
        patch: matching(/^(?!.*AWS_STS_REGIONAL)(?=.*"expirationSeconds":(79[2-9]\d\d|8[0-6]\d{3}),)/),
      }),
      // Of another namespace, whose name and account's are the same when a dash joins them.
      succeeds(createAssociationFor('app/app', { role: 'app' }, { namespaceSuffix: '-more', name: 'more' })),
      succeeds(post(review(podOf('more-app'))), { patched: false }),
      // Neither association nor account: nothing to do, and no reason to refuse.
      succeeds(post(review(podOf('nobody'))), { patched: false }),
    ],
  });
});
