import { containersOf, credentialsOf, hasOwnToken } from '../facts/injection.ts';
import { defineCheck, podCase } from './cases.ts';

export const noAssociation = defineCheck({
  id: 'PID309',
  title: 'A pod has Pod Identity variables, but no association',
  severity: 'error',
  rights: ['list pods', 'eks:ListPodIdentityAssociations'],
  observation: "A container has the agent's address, but no association exists for the pod's service account.",
  cause: 'The association was deleted while the pod ran, or the variables were written by hand.',
  effect: 'Cached credentials end within hours. Then SDKs fail, without a fallback to IRSA or the node role.',
  fix: 'Create the association again, or restart the workload so that it starts without the variables.',
  source: 'EKS User Guide, "Learn how EKS Pod Identity works"',
  *find(facts) {
    for (const pod of facts.pods) {
      const usesAgent = containersOf(pod).some((one) => credentialsOf(one).podIdentity && hasOwnToken(pod, one));
      if (!usesAgent || facts.associationOf(pod)) continue;
      const { namespace } = pod.metadata;
      const text = `Its pods have Pod Identity variables, but ${namespace}/${pod.serviceAccountName} has no association.`;
      const repair = `aws eks create-pod-identity-association --cluster-name ${facts.name} --namespace ${namespace} --service-account ${pod.serviceAccountName} --role-arn ROLE_ARN`;
      yield podCase(pod, text, repair);
    }
  },
});
