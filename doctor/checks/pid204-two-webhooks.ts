import { identityWebhooks } from '../facts/webhooks.ts';
import { defineCheck } from './cases.ts';

export const twoWebhooks = defineCheck({
  id: 'PID204',
  title: 'Two webhooks inject identities',
  severity: 'warning',
  rights: ['list mutatingwebhookconfigurations'],
  observation: 'More than one MutatingWebhookConfiguration has an identity webhook for the creation of pods.',
  cause: 'The self-hosted webhook was installed on EKS, which has its own, or a chart was installed twice.',
  effect: 'The first webhook wins. A self-hosted one does not know associations and may inject IRSA instead.',
  fix: 'On EKS, remove the self-hosted webhook.',
  source: 'aws/amazon-eks-pod-identity-webhook, README',
  *find(facts) {
    const names = [...new Set(identityWebhooks(facts).map(({ configuration }) => configuration))];
    const own = names.find((name) => name === 'pod-identity-webhook') ?? names[0];
    for (const name of names.filter((one) => one !== own)) {
      const repair = `kubectl delete mutatingwebhookconfiguration ${name}`;
      yield {
        object: { kind: 'MutatingWebhookConfiguration', name },
        text: `It injects identities, as ${own} does.`,
        repair,
      };
    }
  },
});
