import { roleAnnotation } from '../facts/irsa.ts';
import { accountCase, defineCheck } from './cases.ts';

export const defaultAccount = defineCheck({
  id: 'PID806',
  title: "A namespace's default service account has a role",
  severity: 'warning',
  rights: ['list serviceaccounts', 'list pods'],
  observation: 'The service account `default` has an association or a role annotation.',
  cause: 'A manifest names no service account, and the identity was given to the default one.',
  effect: 'Every pod of the namespace that names no service account gets the role.',
  fix: 'Create a service account for the workload, and move the role to it.',
  source: 'Amazon EKS Best Practices Guide, "Identity and Access Management"',
  *find(facts) {
    for (const account of facts.snapshot.kubernetes.serviceAccounts ?? []) {
      const { namespace, name } = account.metadata;
      const role = facts.association(namespace, name)?.roleArn ?? roleAnnotation(account);
      if (name === 'default' && role)
        yield accountCase(facts, account, `Pods of namespace ${namespace} that name no service account get ${role}.`);
    }
  },
});
