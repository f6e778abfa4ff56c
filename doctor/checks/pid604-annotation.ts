import { parseRoleArn, roleAnnotation } from '../facts/irsa.ts';
import { accountCase, annotateRole, defineCheck } from './cases.ts';
import { warningIfUnused } from './unused.ts';

export const malformedAnnotation = defineCheck({
  id: 'PID604',
  title: 'A role annotation is empty or not the ARN of a role',
  severity: 'error',
  rights: ['list serviceaccounts', 'list pods'],
  observation: 'The value of `eks.amazonaws.com/role-arn` on service accounts without an association.',
  cause: 'A value of a chart was empty, or a name, a placeholder or an instance profile was written.',
  effect: 'An empty value injects nothing. Any other value is injected, and AWS STS refuses it.',
  fix: 'Write the ARN of the role, then restart the pods.',
  source: 'aws/amazon-eks-pod-identity-webhook, pkg/cache/cache.go; KeeperHub/keeperhub#1597',
  *find(facts) {
    for (const account of facts.snapshot.kubernetes.serviceAccounts ?? []) {
      const { namespace, name } = account.metadata;
      const value = roleAnnotation(account);
      if (value === undefined || parseRoleArn(value) || facts.association(namespace, name)) continue;
      const text = `Its annotation eks.amazonaws.com/role-arn is ${value === '' ? 'empty' : `${JSON.stringify(value)}, not the ARN of a role`}.`;
      yield warningIfUnused(accountCase(facts, account, text, annotateRole(account, 'ROLE_ARN')));
    }
  },
});
