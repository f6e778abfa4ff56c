import { unsupportedNode } from '../facts/compute.ts';
import { hasWebIdentity } from '../facts/injection.ts';
import { defineCheck, podCase } from './cases.ts';

export const unsupportedCompute = defineCheck({
  id: 'PID307',
  title: 'A pod with an association runs where Pod Identity does not work',
  severity: 'error',
  rights: ['list pods', 'list nodes', 'list daemonsets', 'eks:ListPodIdentityAssociations'],
  observation: 'The pod has an association. Its node is Fargate, Windows, or hybrid without an agent.',
  cause: 'A Fargate profile or a node selector places the pod there. The webhook makes no exception.',
  effect: 'The pod may have variables, but no agent answers.',
  fix: 'Use IRSA on Fargate and Windows: annotate the service account and delete the association. On hybrid nodes, enable the hybrid DaemonSet of the agent.',
  source: 'EKS User Guide, "Learn how EKS Pod Identity works": considerations',
  *find(facts) {
    for (const pod of facts.pods) {
      const place = facts.associationOf(pod) && !hasWebIdentity(pod) ? unsupportedNode(facts, pod) : undefined;
      if (place !== undefined) yield podCase(pod, `Its pods run on ${place}, where Pod Identity does not work.`);
    }
  },
});
