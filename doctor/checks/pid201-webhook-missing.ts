import { isWebhookMissing, uninjectedPods } from '../facts/missing-injection.ts';
import { roleAnnotation } from '../facts/irsa.ts';
import { counted, podNames } from './cases.ts';
import type { Check } from './check.ts';

export const webhookMissing: Check = {
  id: 'PID201',
  title: 'The Pod Identity webhook is not registered',
  severity: 'error',
  rights: ['list mutatingwebhookconfigurations', 'list serviceaccounts', 'list pods', 'eks:DescribeCluster'],
  observation: 'The cluster uses associations or annotations, but no MutatingWebhookConfiguration injects identities.',
  cause: 'EKS registers `pod-identity-webhook` itself. Somebody deleted the object or a tool replaced it.',
  effect: 'New pods start without variables and token. They silently use the node role, if they can reach it.',
  fix: 'Restore the MutatingWebhookConfiguration `pod-identity-webhook` from another EKS cluster or with AWS Support, then restart the pods.',
  source: 'aws/amazon-eks-pod-identity-webhook#135',
  *find(facts) {
    const accounts = facts.snapshot.kubernetes.serviceAccounts ?? [];
    const annotated = accounts.filter((account) => roleAnnotation(account)).length;
    if (!isWebhookMissing(facts) || facts.associations.length + annotated === 0) return;
    yield {
      object: { kind: 'MutatingWebhookConfiguration', name: 'pod-identity-webhook' },
      text: `It does not exist, but ${counted(facts.associations.length, 'association')} and ${counted(annotated, 'annotated service account')} need it.`,
      pods: podNames(uninjectedPods(facts).map(({ pod }) => pod)),
    };
  },
};
