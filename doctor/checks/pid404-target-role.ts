import { associationTrust, subjectOfAssociation, usableAssociations } from '../facts/association-trust.ts';
import { denialOf } from '../facts/denial.ts';
import { targetTrust } from '../facts/trust.ts';
import { ASSOCIATIONS, associationObject, podNames, readableRole, roleName } from './cases.ts';
import type { Check } from './check.ts';

export const targetRole: Check = {
  id: 'PID404',
  title: 'The role of an association cannot assume its target role',
  severity: 'error',
  rights: [...ASSOCIATIONS, 'iam:GetRole'],
  observation:
    "The role's policies and the target's trust policy are evaluated with transitive tags, or with the external id.",
  cause:
    "The role's policies or the target's trust policy lack `sts:AssumeRole` or `sts:TagSession`, or a condition does not match.",
  effect: 'EKS Auth answers AccessDeniedException. Pods get no credentials.',
  fix: 'Allow `sts:AssumeRole` and `sts:TagSession` on both sides. Without session tags, test `sts:ExternalId` instead.',
  source: 'EKS User Guide, "Access AWS resources using EKS Pod Identity target IAM roles"',
  *find(facts) {
    const cluster = facts.snapshot.aws?.cluster;
    for (const association of usableAssociations(facts)) {
      const { namespace, serviceAccount, roleArn, targetRoleArn } = association;
      const role = facts.role(roleArn);
      if (!cluster || !role || targetRoleArn === undefined) continue;
      if (associationTrust(facts, association)?.value !== 'allowed') continue;
      const object = associationObject(association);
      const target = yield* readableRole(facts, object, targetRoleArn);
      if (target === undefined) continue;
      const decision = targetTrust(role, target, cluster, association, subjectOfAssociation(facts, association));
      if (decision.value === 'unknown') yield { object, missing: 'iam:ListRolePolicies' };
      if (decision.value !== 'denied') continue;
      const side =
        decision.decision?.deniedBy === 'trust'
          ? `trust policy of target role ${roleName(targetRoleArn)}`
          : `policies of role ${roleName(roleArn)}`;
      yield {
        object,
        text: `The ${side} must allow ${decision.action}: ${denialOf(decision)}.`,
        pods: podNames(facts.podsOf(namespace, serviceAccount)),
      };
    }
  },
};
