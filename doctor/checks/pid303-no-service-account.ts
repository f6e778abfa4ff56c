import { nearName } from '../facts/near-name.ts';
import { hasIdentity } from '../facts/own-identity.ts';
import { ASSOCIATIONS, defineCheck } from './cases.ts';
import { misnamed } from './unused.ts';

export const noServiceAccount = defineCheck({
  id: 'PID303',
  title: 'An association names a service account that does not exist',
  severity: 'warning',
  rights: ['list serviceaccounts', 'list namespaces', ...ASSOCIATIONS],
  observation: "The association's namespace exists, but has no service account of its name.",
  cause: 'EKS does not check the names. There may be a typo, or a chart names its service account differently.',
  effect: 'No pod can use the association. It is an error if a service account with a near name has no identity.',
  fix: 'Create an association for the right name, or the service account, and delete the wrong one.',
  source: 'EKS User Guide, "Assign an IAM role to a Kubernetes service account"',
  *find(facts) {
    const { namespaces = [], serviceAccounts = [] } = facts.snapshot.kubernetes;
    for (const association of facts.associations) {
      const { namespace, serviceAccount } = association;
      if (!namespaces.some(({ metadata }) => metadata.name === namespace)) continue;
      if (facts.serviceAccount(namespace, serviceAccount)) continue;
      const candidates = serviceAccounts.filter(
        (one) => one.metadata.namespace === namespace && !hasIdentity(facts, namespace, one.metadata.name),
      );
      const near = nearName(
        serviceAccount,
        candidates.map(({ metadata }) => metadata.name),
      );
      const text = `It names \`${serviceAccount}\`, which namespace ${namespace} does not have${near ? `; it has \`${near}\`` : ''}.`;
      yield misnamed(facts, association, text, near && { ...association, serviceAccount: near });
    }
  },
});
