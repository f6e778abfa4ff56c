import { uninjectedByHistory } from '../facts/missing-injection.ts';
import { ASSOCIATIONS, defineCheck, podCase, restart } from './cases.ts';

export const notInjected = defineCheck({
  id: 'PID302',
  title: 'The webhook did not inject Pod Identity into a pod',
  severity: 'error',
  rights: ['list pods', 'list mutatingwebhookconfigurations', ...ASSOCIATIONS],
  observation: 'The pod is younger than its association, the registered webhook selects it, but it has no variables.',
  cause: 'The webhook failed or timed out when the pod was created. Its `failurePolicy` Ignore hides that.',
  effect: 'The pod never gets the identity. It uses the node role, if it can reach it.',
  fix: 'Restart the workload.',
  source: 'aws/eks-pod-identity-agent#153; aws/amazon-eks-pod-identity-webhook#210',
  *find(facts) {
    for (const { pod, association, isOlder } of uninjectedByHistory(facts))
      if (association && !isOlder) {
        const text = `Its pods have no variables, although association ${association.associationId} existed before them.`;
        yield podCase(pod, text, restart(pod));
      }
  },
});
