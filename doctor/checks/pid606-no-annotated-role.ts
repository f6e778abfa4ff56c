import { annotatedAccounts } from '../facts/irsa.ts';
import { accountCase, defineCheck, readableRole } from './cases.ts';
import { warningIfUnused } from './unused.ts';

export const noAnnotatedRole = defineCheck({
  id: 'PID606',
  title: 'The role of an annotation does not exist',
  severity: 'error',
  rights: ['list serviceaccounts', 'list pods', 'iam:GetRole'],
  observation: 'IAM has no role with the ARN in `eks.amazonaws.com/role-arn`.',
  cause: 'The role was deleted, has a path, or belongs to another environment.',
  effect: 'AWS STS answers AccessDenied, as it does for a trust policy that does not match.',
  fix: 'Create the role, or correct the annotation and restart the pods.',
  source: 'EKS User Guide, "Assign IAM roles to Kubernetes service accounts"',
  *find(facts) {
    for (const { account, roleArn } of annotatedAccounts(facts)) {
      const found = accountCase(facts, account, `Role ${roleArn} does not exist.`);
      yield* readableRole(facts, found.object, roleArn);
      if (facts.role(roleArn) === null) yield warningIfUnused(found);
    }
  },
});
