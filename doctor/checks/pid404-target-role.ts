import { associationTrust, subjectOfAssociation, usableAssociations } from '../facts/association-trust.ts';
import { denialOf } from '../facts/denial.ts';
import { targetTrust } from '../facts/trust.ts';
import { ASSOCIATIONS, associationCase, defineCheck, missingPolicyRight, readableRole } from './cases.ts';
import { warningIfUnused } from './unused.ts';

export const targetRole = defineCheck({
  id: 'PID404',
  title: 'The role of an association cannot assume its target role',
  severity: 'error',
  rights: [...ASSOCIATIONS, 'iam:GetRole'],
  observation: "The role's policies and the target's trust policy are evaluated with tags or external id.",
  cause: 'One of them lacks `sts:AssumeRole` or `sts:TagSession`, or has a condition that does not match.',
  effect: 'EKS Auth answers AccessDeniedException. Pods get no credentials.',
  fix: 'Allow `sts:AssumeRole` and `sts:TagSession` on both sides. Without session tags, test `sts:ExternalId` instead.',
  source: 'EKS User Guide, "Access AWS resources using EKS Pod Identity target IAM roles"',
  *find(facts) {
    const cluster = facts.snapshot.aws?.cluster;
    for (const association of usableAssociations(facts)) {
      const { roleArn, targetRoleArn = '' } = association;
      const role = facts.role(roleArn);
      if (!cluster || !role || associationTrust(facts, association)?.value !== 'allowed' || !targetRoleArn) continue;
      const { object } = associationCase(facts, association, '');
      const target = yield* readableRole(facts, object, targetRoleArn);
      if (target === undefined) continue;
      const decision = targetTrust(role, target, cluster, association, subjectOfAssociation(facts, association));
      if (decision.value === 'unknown')
        yield { object, missing: decision.missing ?? missingPolicyRight(facts, roleArn) };
      const isTrust = decision.decision?.deniedBy === 'trust';
      const side = isTrust ? `trust policy of target role ${target.name}` : `policies of role ${role.name}`;
      const text = `The ${side} must allow ${decision.action}: ${denialOf(decision)}.`;
      if (decision.value === 'denied') yield warningIfUnused(associationCase(facts, association, text));
    }
  },
});
