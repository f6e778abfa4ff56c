import { uninjectedPods } from '../facts/missing-injection.ts';
import { excludingSelector, identityWebhooks } from '../facts/webhooks.ts';
import { defineCheck, podCase } from './cases.ts';

export const excludedBySelector = defineCheck({
  id: 'PID203',
  title: 'A selector of the webhook excludes a pod that needs an identity',
  severity: 'error',
  rights: ['list mutatingwebhookconfigurations', 'list namespaces', 'list pods', 'list serviceaccounts'],
  observation: "The webhook's selectors are compared with labels of pods without variables and their namespaces.",
  cause: 'A label opts out, such as `eks.amazonaws.com/skip-pod-identity-webhook`, or a selector was edited.',
  effect: 'The webhook never sees these pods, so they start without variables and token.',
  fix: "Change the labels, or the selector of the webhook's configuration, then restart the pods.",
  source: 'aws/amazon-eks-pod-identity-webhook, deploy/mutatingwebhook.yaml',
  *find(facts) {
    const [webhook] = identityWebhooks(facts);
    for (const { pod } of uninjectedPods(facts)) {
      const selector = excludingSelector(facts, pod);
      if (webhook === undefined || selector === undefined) continue;
      const labels = selector === 'namespaceSelector' ? `namespace ${pod.metadata.namespace}` : 'its pods';
      yield podCase(
        pod,
        `The ${selector} of MutatingWebhookConfiguration ${webhook.configuration} excludes ${labels}.`,
      );
    }
  },
});
