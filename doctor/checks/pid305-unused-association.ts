import { ASSOCIATIONS, associationCase, defineCheck } from './cases.ts';

export const unusedAssociation = defineCheck({
  id: 'PID305',
  title: 'No pod uses an association',
  severity: 'info',
  rights: ['list pods', 'list serviceaccounts', ...ASSOCIATIONS],
  observation: 'The service account exists, but no pod has it, not even a finished one.',
  cause: 'The workload was removed, renamed or scaled to zero, or runs as another service account.',
  effect: 'Nothing breaks. Somebody who can create pods in the namespace can use the role.',
  fix: 'Delete the association if it is not needed.',
  source: 'Amazon EKS Best Practices Guide, "Identity and Access Management"',
  *find(facts) {
    const pods = facts.snapshot.kubernetes.pods ?? [];
    const used = new Set(pods.map((pod) => `${pod.metadata.namespace}/${pod.serviceAccountName}`));
    for (const association of facts.associations) {
      const { namespace, serviceAccount, associationId, ownerArn } = association;
      if (ownerArn !== undefined || used.has(`${namespace}/${serviceAccount}`)) continue;
      if (facts.serviceAccount(namespace, serviceAccount) === undefined) continue;
      const repair = `aws eks delete-pod-identity-association --cluster-name ${facts.name} --association-id ${associationId}`;
      yield associationCase(facts, association, `No pod runs as ${namespace}/${serviceAccount}.`, repair);
    }
  },
});
