import { hasStaleCa, uninjectedPods } from '../facts/missing-injection.ts';
import { identityWebhooks } from '../facts/webhooks.ts';
import { podNames } from './cases.ts';
import type { Check } from './check.ts';

export const staleCaBundle: Check = {
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
    const stale = identityWebhooks(facts).filter((webhook) => hasStaleCa(facts, webhook));
    for (const { configuration, name } of stale)
      yield {
        object: { kind: 'MutatingWebhookConfiguration', name: configuration },
        text: `The caBundle of webhook ${name} lacks the newest certificate authority of cluster ${facts.name}.`,
        repair: `kubectl patch mutatingwebhookconfiguration ${configuration} --type=json -p '[{"op":"replace","path":"/webhooks/0/clientConfig/caBundle","value":"'$(aws eks describe-cluster --name ${facts.name} --query cluster.certificateAuthority.data --output text)'"}]'`,
        pods: podNames(uninjectedPods(facts).map(({ pod }) => pod)),
      };
  },
};
