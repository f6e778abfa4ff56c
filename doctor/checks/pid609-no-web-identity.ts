import { uninjectedByHistory } from '../facts/missing-injection.ts';
import { defineCheck, podCase, restart } from './cases.ts';

export const noWebIdentity = defineCheck({
  id: 'PID609',
  title: 'A pod lacks the IRSA variables of its service account',
  severity: 'error',
  rights: ['list pods', 'list serviceaccounts'],
  observation: 'The service account has a valid role annotation. The pod has neither variables nor the token volume.',
  cause: 'The service account was annotated after the pod was created, or the webhook failed.',
  effect: 'The pod never gets the identity. It uses the node role, if it can reach it.',
  fix: 'Restart the workload.',
  source: 'EKS User Guide, "Configure Pods to use a Kubernetes service account"',
  *find(facts) {
    for (const { pod, association } of uninjectedByHistory(facts)) {
      const text = `Service account ${pod.metadata.namespace}/${pod.serviceAccountName} is annotated, but its pods have no variables.`;
      if (!association) yield podCase(pod, text, restart(pod));
    }
  },
});
