import { ASSOCIATIONS, associationObject, podNames } from './cases.ts';
import type { Check } from './check.ts';

export const noRole: Check = {
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
    for (const association of facts.associations) {
      const { associationId, namespace, serviceAccount, roleArn, targetRoleArn } = association;
      const object = associationObject(association);
      for (const [field, arn] of [
        ['role-arn', roleArn],
        ['target-role-arn', targetRoleArn],
      ] as const) {
        if (arn === undefined) continue;
        if (facts.role(arn) === undefined) yield { object, missing: 'iam:GetRole' };
        if (facts.role(arn) !== null) continue;
        yield {
          object,
          text: `${field === 'role-arn' ? 'Role' : 'Target role'} ${arn} does not exist.`,
          repair: `aws eks update-pod-identity-association --cluster-name ${facts.name} --association-id ${associationId} --${field} ROLE_ARN`,
          pods: podNames(facts.podsOf(namespace, serviceAccount)),
        };
      }
    }
  },
};
