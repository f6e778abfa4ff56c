import { hasWebIdentity } from '../facts/injection.ts';
import { roleAnnotation } from '../facts/irsa.ts';
import { accountCase, defineCheck, podNames } from './cases.ts';

export const bothMechanisms = defineCheck({
  id: 'PID611',
  title: 'A service account has both an annotation and an association',
  severity: 'info',
  rights: ['list serviceaccounts', 'list pods', 'eks:ListPodIdentityAssociations'],
  observation: 'The service account has `eks.amazonaws.com/role-arn` and an association.',
  cause: 'A migration from IRSA to Pod Identity is under way, or was not finished.',
  effect: 'New pods get only Pod Identity. Older pods keep the annotated role until they restart.',
  fix: 'Restart the remaining pods with IRSA, then remove the annotation.',
  source: 'aws/amazon-eks-pod-identity-webhook#264',
  *find(facts) {
    for (const account of facts.snapshot.kubernetes.serviceAccounts ?? []) {
      const { namespace, name } = account.metadata;
      const association = facts.association(namespace, name);
      const role = roleAnnotation(account);
      if (!association || !role) continue;
      const old = podNames(facts.podsOf(namespace, name).filter(hasWebIdentity));
      const text = `New pods get ${association.roleArn} by Pod Identity, not ${role} of the annotation${old.length > 0 ? '; some pods still use IRSA' : ''}.`;
      const repair = `kubectl annotate serviceaccount ${name} -n ${namespace} eks.amazonaws.com/role-arn-`;
      yield { ...accountCase(facts, account, text, repair), pods: old };
    }
  },
});
