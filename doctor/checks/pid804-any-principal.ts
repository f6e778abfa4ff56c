import { strangerTrust } from '../facts/trust.ts';
import { defineCheck } from './cases.ts';

export const anyPrincipal = defineCheck({
  id: 'PID804',
  title: 'A trust policy allows every AWS account',
  severity: 'warning',
  rights: ['iam:GetRole'],
  observation: '`sts:AssumeRole` is evaluated for a role of an unrelated account, for all roles in use.',
  cause: 'The principal is `*`, without a condition that restricts it.',
  effect: 'Anybody with an AWS account who knows the ARN can use the role.',
  fix: 'Name the principals.',
  source: 'IAM User Guide, "AWS JSON policy elements: Principal"',
  *find({ snapshot }) {
    for (const role of Object.values(snapshot.aws?.roles ?? {}))
      if (role && strangerTrust(role).value === 'allowed')
        yield { object: { kind: 'Role', name: role.arn }, text: 'Its trust policy allows any principal.' };
  },
});
