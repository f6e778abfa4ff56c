import { hasStaleCa, uninjectedPods } from '../facts/missing-injection.ts';
import { identityWebhooks } from '../facts/webhooks.ts';
import { defineCheck, podNames } from './cases.ts';

export const staleCaBundle = defineCheck({
  id: 'PID202',
  title: "The webhook's caBundle lacks the cluster's certificate authority",
  severity: 'error',
  rights: ['list mutatingwebhookconfigurations', 'list pods', 'eks:DescribeCluster'],
  observation: "The certificates in `caBundle` of EKS' webhook are compared with the cluster's `certificateAuthority`.",
  cause: "The control plane's certificate authority was rotated, or a tool applied an old copy of the configuration.",
  effect: "The API server rejects the webhook's certificate and ignores the failure, so new pods get no identity.",
  fix: "Replace `caBundle` with the cluster's certificate authority, then restart the pods.",
  source: 'aws/containers-roadmap#2874',
  *find(facts) {
    const pods = podNames(uninjectedPods(facts).map(({ pod }) => pod));
    for (const webhook of identityWebhooks(facts).filter((one) => hasStaleCa(facts, one))) {
      const object = { kind: 'MutatingWebhookConfiguration', name: webhook.configuration };
      const text = `The caBundle of webhook ${webhook.name} lacks the newest certificate authority of cluster ${facts.name}.`;
      const repair = `kubectl patch mutatingwebhookconfiguration ${webhook.configuration} --type=json -p '[{"op":"replace","path":"/webhooks/0/clientConfig/caBundle","value":"'$(aws eks describe-cluster --name ${facts.name} --query cluster.certificateAuthority.data --output text)'"}]'`;
      yield { object, text, repair, pods };
    }
  },
});
