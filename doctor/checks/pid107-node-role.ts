import { podIdentityPodsByNode } from '../facts/agent.ts';
import { rolePermission } from '../facts/trust.ts';
import { podNames, readableRole, roleObject } from './cases.ts';
import type { Check } from './check.ts';

const ACTION = 'eks-auth:AssumeRoleForPodIdentity';

export const nodeRole: Check = {
  id: 'PID107',
  title: 'The node role may not request credentials for pods',
  severity: 'error',
  rights: ['list nodes', 'list pods', 'ec2:DescribeInstances', 'iam:GetInstanceProfile', 'iam:GetRole'],
  observation: `The policies of the roles of nodes that run pods with Pod Identity are evaluated for \`${ACTION}\`.`,
  cause: 'A custom node role lacks the managed policy AmazonEKSWorkerNodePolicy, or a policy denies the action.',
  effect: 'The agent gets AccessDeniedException from EKS Auth for every pod on these nodes.',
  fix: 'Attach the managed policy AmazonEKSWorkerNodePolicy to the node role, or allow the action in a policy.',
  source: 'EKS User Guide, "Set up the Amazon EKS Pod Identity Agent"',
  *find(facts) {
    const podsByRole = new Map<string, string[]>();
    for (const [name, pods] of podIdentityPodsByNode(facts)) {
      const node = facts.node(name);
      const profile = node && facts.instanceOf(node)?.instanceProfileArn;
      const role = profile && facts.snapshot.aws?.instanceProfiles[profile];
      if (role) podsByRole.set(role, [...(podsByRole.get(role) ?? []), ...podNames(pods)]);
    }
    const cluster = facts.snapshot.aws?.cluster?.arn;
    for (const [arn, pods] of podsByRole) {
      const object = roleObject(arn);
      const role = yield* readableRole(facts, object, arn);
      if (role === undefined || cluster === undefined) continue;
      const { value, reason = '' } = rolePermission(role, ACTION, cluster);
      if (value === 'unknown') yield { object, missing: 'iam:ListAttachedRolePolicies' };
      if (value !== 'denied') continue;
      const repair = `aws iam attach-role-policy --role-name ${role.name} --policy-arn arn:${facts.partition}:iam::aws:policy/AmazonEKSWorkerNodePolicy`;
      yield { object, text: `Its policies do not allow ${ACTION}: ${reason}.`, pods, repair };
    }
  },
};
