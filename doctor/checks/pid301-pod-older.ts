import { uninjectedByHistory } from '../facts/missing-injection.ts';
import { ASSOCIATIONS, defineCheck, podCase, restart } from './cases.ts';

export const podOlder = defineCheck({
  id: 'PID301',
  title: 'A pod is older than its association',
  severity: 'error',
  rights: ['list pods', ...ASSOCIATIONS],
  observation: "The pod has no variables. It was created before the association's `createdAt` plus 10 seconds.",
  cause: 'Pods and associations were created together. The webhook only acts on new pods, seconds later.',
  effect: 'The pod never gets the identity, even if its containers restart. It uses the node role, if it can reach it.',
  fix: 'Restart the workload.',
  source: 'EKS User Guide, "Assign an IAM role to a Kubernetes service account"; aws/containers-roadmap#2507',
  *find(facts) {
    for (const { pod, association, isOlder } of uninjectedByHistory(facts))
      if (association && isOlder) {
        const { associationId, createdAt } = association;
        const text = `Its pods were created before association ${associationId} took effect (created at ${createdAt}).`;
        yield podCase(pod, text, restart(pod));
      }
  },
});
