import type { ClusterFacts } from '../facts/cluster-facts.ts';
import { denialOf, pinsOtherCluster } from '../facts/denial.ts';
import { deadPrincipals } from '../facts/statements.ts';
import { targetTrust } from '../facts/trust.ts';
import {
  associationCase,
  ASSOCIATIONS,
  defineCheck,
  missingPolicyRight,
  readableRole,
  replaceAssociation,
  roleName,
} from './cases.ts';
import type { Case, Unjudged } from './check.ts';
import {
  associationTrust,
  isByOrganization,
  subjectOfAssociation,
  targetRepair,
  trustRepair,
  usableAssociations,
} from './repaired-trust.ts';

export const trustDenies = defineCheck({
  id: 'PID401',
  title: 'The trust policy does not let EKS assume the role for the service account',
  severity: 'error',
  hops: ['trust'],
  rights: [...ASSOCIATIONS, 'iam:GetRole'],
  observation: "`sts:AssumeRole` is evaluated with the pod's session tags and the cluster's ARN and account.",
  cause: 'The role was made for IRSA, or its conditions name another namespace or service account.',
  effect: 'EKS Auth answers AccessDeniedException. Pods get no credentials.',
  fix: 'Let the trust policy allow `sts:AssumeRole` and `sts:TagSession` for `pods.eks.amazonaws.com` with the right conditions.',
  source: 'EKS User Guide, "Create IAM role with trust policy required by EKS Pod Identity"',
  find: (facts) => trustCases(facts, 'subject'),
});

export const noTagSession = defineCheck({
  id: 'PID402',
  title: 'The trust policy does not allow tagging the session',
  severity: 'error',
  hops: ['trust'],
  rights: [...ASSOCIATIONS, 'iam:GetRole'],
  observation: 'The trust policy allows `sts:AssumeRole`, but not `sts:TagSession`, which session tags need.',
  cause: 'The trust policy was copied from a role of another service.',
  effect: 'EKS Auth answers AccessDeniedException. Pods get no credentials.',
  fix: 'Add `sts:TagSession` to the actions of the statement.',
  source: 'EKS User Guide, "Create IAM role with trust policy required by EKS Pod Identity"',
  find: (facts) => trustCases(facts, 'tags'),
});

export const otherCluster = defineCheck({
  id: 'PID403',
  title: 'The trust policy names another cluster or account',
  severity: 'error',
  hops: ['trust'],
  rights: [...ASSOCIATIONS, 'iam:GetRole'],
  observation: 'Only conditions on `aws:SourceArn`, `aws:SourceAccount`, `eks-cluster-arn` or `eks-cluster-name` deny.',
  cause: 'The workload moved to a new cluster, or `aws:SourceArn` names the association instead of the cluster.',
  effect: 'EKS Auth answers AccessDeniedException. Pods get no credentials.',
  fix: 'Add this cluster to the condition.',
  source: 'Amazon EKS Best Practices Guide, "Identity and Access Management"; awslabs/mountpoint-s3-csi-driver#781',
  find: (facts) => trustCases(facts, 'cluster'),
});

export const targetRole = defineCheck({
  id: 'PID404',
  title: 'The role of an association cannot assume its target role',
  severity: 'error',
  hops: ['target role'],
  rights: [...ASSOCIATIONS, 'iam:GetRole'],
  observation: "The role's policies and the target's trust policy are evaluated with tags or external id.",
  cause: 'One of them lacks `sts:AssumeRole` or `sts:TagSession`, or has a condition that does not match.',
  effect: 'EKS Auth answers AccessDeniedException. Pods get no credentials.',
  fix: 'Allow `sts:AssumeRole` and `sts:TagSession` in the policies and the boundary of the first role, and in the trust policy of the target role. Without session tags, test `sts:ExternalId` instead.',
  source: 'EKS User Guide, "Access AWS resources using EKS Pod Identity target IAM roles"',
  *find(facts) {
    const cluster = facts.snapshot.aws?.cluster;
    for (const association of usableAssociations(facts)) {
      const { roleArn, targetRoleArn = '' } = association;
      const role = facts.role(roleArn);
      if (!cluster || !role || associationTrust(facts, association)?.value !== 'allowed' || !targetRoleArn) continue;
      const { object } = associationCase(facts, association, '');
      const decision = targetTrust(facts, association, subjectOfAssociation(facts, association));
      // A Deny of the first role's policies needs no knowledge of the target's trust policy.
      const target =
        decision.value === 'denied' ? facts.role(targetRoleArn) : yield* readableRole(facts, object, targetRoleArn);
      if (target === null || (target === undefined && decision.value !== 'denied')) continue;
      if (decision.value === 'unknown')
        yield { object, missing: decision.missing ?? missingPolicyRight(facts, roleArn), unread: roleArn };
      if (decision.value !== 'denied' || isByOrganization(decision)) continue;
      const deniedBy = decision.decision?.deniedBy;
      const [dead] = deniedBy === 'trust' ? deadPrincipals(target?.trustPolicy ?? '{}') : [];
      const sides: Readonly<Record<string, string>> = {
        trust: `trust policy of target role ${roleName(targetRoleArn)}`,
        boundary: `permissions boundary of role ${role.name}`,
      };
      if (targetRoleArn === roleArn) {
        const text = `Its target role is role ${roleName(roleArn)} itself, which need not assume itself.`;
        const { targetRoleArn: _target, externalId: _id, ...changed } = association;
        yield associationCase(facts, association, text, replaceAssociation(facts, association, changed));
        continue;
      }
      const why = dead
        ? `it names ${dead}, the id of a role or user that was deleted. A new one of its name has another id`
        : denialOf(decision);
      const text = `The ${sides[deniedBy ?? ''] ?? `policies of role ${role.name}`} must allow ${decision.action}: ${why}.`;
      yield { ...associationCase(facts, association, text), ...targetRepair(facts, association, deniedBy) };
    }
  },
});

/** Finds associations whose role EKS Auth cannot assume because of one kind of problem. */
function* trustCases(facts: ClusterFacts, problem: 'subject' | 'tags' | 'cluster'): Generator<Case | Unjudged> {
  for (const association of usableAssociations(facts)) {
    const { namespace, serviceAccount, roleArn } = association;
    const decision = associationTrust(facts, association);
    const text = `The trust policy of role ${roleName(roleArn)} does not allow ${decision?.action} for ${namespace}/${serviceAccount}: ${decision && denialOf(decision)}.`;
    const finding = associationCase(facts, association, text);
    const role = yield* readableRole(facts, finding.object, roleArn);
    if (decision?.value === 'unknown') yield { object: finding.object, missing: decision.missing ?? 'iam:GetRole' };
    if (decision?.value !== 'denied' || role === undefined || isByOrganization(decision)) continue;
    const part = pinsOtherCluster(decision) ? 'cluster' : decision.action === 'sts:TagSession' ? 'tags' : 'subject';
    if (part === problem) yield { ...finding, ...trustRepair(facts, role) };
  }
}
