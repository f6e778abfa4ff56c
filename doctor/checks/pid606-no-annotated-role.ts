import { annotatedAccounts } from '../facts/irsa.ts';
import { objectOf, podNames } from './cases.ts';
import type { Check } from './check.ts';

export const noAnnotatedRole: Check = {
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
    for (const { account, roleArn, pods } of annotatedAccounts(facts)) {
      const object = objectOf('ServiceAccount', account.metadata);
      const role = facts.role(roleArn);
      if (role === undefined) yield { object, missing: 'iam:GetRole' };
      if (role === null) yield { object, text: `Role ${roleArn} does not exist.`, pods: podNames(pods) };
    }
  },
};
