import { annotatedAccounts } from '../facts/irsa.ts';
import { roleObject } from './cases.ts';
import type { Check } from './check.ts';

/** Default and raised quota in characters without white space (IAM User Guide, "IAM and AWS STS quotas"). */
const QUOTAS = [2048, 4096];

export const trustPolicyLength: Check = {
  id: 'PID405',
  title: 'A trust policy is nearly as long as its quota allows',
  severity: 'info',
  rights: ['list serviceaccounts', 'iam:GetRole'],
  observation: 'The trust policy without white space has more than 90 percent of 2,048 or 4,096 characters.',
  cause: 'IRSA needs a statement for each cluster.',
  effect: 'The role cannot trust another cluster. Infrastructure tools fail with LimitExceeded.',
  fix: 'Raise the quota "Role trust policy length", use a role for each cluster, or use Pod Identity.',
  source: 'IAM User Guide, "IAM and AWS STS quotas"',
  *find(facts) {
    const arns = [...facts.associations, ...annotatedAccounts(facts)].map(({ roleArn }) => roleArn);
    for (const arn of new Set(arns)) {
      const role = facts.role(arn);
      const length = role ? role.trustPolicy.replace(/\s/g, '').length : 0;
      const quota = QUOTAS.find((one) => length <= one) ?? 0;
      if (length > quota * 0.9 && quota > 0)
        yield { object: roleObject(arn), text: `Its trust policy has ${length} characters of at most ${quota}.` };
    }
  },
};
