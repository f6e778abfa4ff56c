import { counted } from '../../foundation/node/text.ts';
import { isWebhookMissing, uninjectedPods } from '../facts/missing-injection.ts';
import { roleAnnotation } from '../facts/irsa.ts';
import { defineCheck, podNames } from './cases.ts';

export const webhookMissing = defineCheck({
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
    const annotated = (facts.snapshot.kubernetes.serviceAccounts ?? []).filter(roleAnnotation).length;
    if (!isWebhookMissing(facts) || facts.associations.length + annotated === 0) return;
    const users = `${counted(facts.associations.length, 'association')} and ${counted(annotated, 'annotated service account')}`;
    const object = { kind: 'MutatingWebhookConfiguration', name: 'pod-identity-webhook' };
    const pods = podNames(uninjectedPods(facts).map(({ pod }) => pod));
    yield { object, text: `It does not exist, but ${users} need it.`, pods };
  },
});
