import { nearName } from '../facts/near-name.ts';
import { hasIdentity } from '../facts/own-identity.ts';
import { ASSOCIATIONS, defineCheck } from './cases.ts';
import { misnamed } from './unused.ts';

export const noNamespace = defineCheck({
  id: 'PID304',
  title: 'An association names a namespace that does not exist',
  severity: 'warning',
  rights: ['list namespaces', 'list serviceaccounts', ...ASSOCIATIONS],
  observation: 'No namespace has the name in the association.',
  cause: 'EKS does not check the names. There may be a typo, or the namespace was deleted or renamed.',
  effect: 'No pod can use it. It is an error if a near namespace has that service account without identity.',
  fix: 'Create an association for the right namespace, and delete the wrong one.',
  source: 'EKS User Guide, "Assign an IAM role to a Kubernetes service account"',
  *find(facts) {
    const namespaces = (facts.snapshot.kubernetes.namespaces ?? []).map(({ metadata }) => metadata.name);
    for (const association of facts.associations) {
      const { namespace, serviceAccount } = association;
      if (namespaces.includes(namespace)) continue;
      const candidates = namespaces.filter(
        (name) => facts.serviceAccount(name, serviceAccount) && !hasIdentity(facts, name, serviceAccount),
      );
      const near = nearName(namespace, candidates);
      const text = `It names namespace \`${namespace}\`, which does not exist${near ? `; \`${near}\` does` : ''}.`;
      yield misnamed(facts, association, text, near && { ...association, namespace: near });
    }
  },
});
