import { ASSOCIATIONS, associationCase, defineCheck } from './cases.ts';
import { warningIfUnused } from './unused.ts';

export const noRole = defineCheck({
  id: 'PID306',
  title: 'The role of an association does not exist',
  severity: 'error',
  rights: [...ASSOCIATIONS, 'iam:GetRole'],
  observation: 'IAM has no role with the ARN in `roleArn` or `targetRoleArn`.',
  cause: 'The role was deleted or recreated with another name or path. EKS checks it only on creation.',
  effect: 'EKS Auth answers AccessDeniedException. Pods get no credentials.',
  fix: 'Create the role again, or update the association.',
  source: 'aws/containers-roadmap#2441',
  *find(facts) {
    for (const association of facts.associations)
      for (const field of ['roleArn', 'targetRoleArn'] as const) {
        const { [field]: arn, associationId } = association;
        if (arn === undefined) continue;
        const text = `${field === 'roleArn' ? 'Role' : 'Target role'} ${arn} does not exist.`;
        const option = field === 'roleArn' ? '--role-arn' : '--target-role-arn';
        const repair = `aws eks update-pod-identity-association --cluster-name ${facts.name} --association-id ${associationId} ${option} ROLE_ARN`;
        const found = associationCase(facts, association, text, repair);
        if (facts.role(arn) === undefined) yield { object: found.object, missing: 'iam:GetRole' };
        if (facts.role(arn) === null) yield { ...warningIfUnused(found), part: field };
      }
  },
});
