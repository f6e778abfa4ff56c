import { grouped } from '../../foundation/node/grouped.ts';
import { podIdentityPodsByNode } from '../facts/agent.ts';
import { rolePermission } from '../facts/trust.ts';
import { defineCheck, missingPolicyRight, podNames, readableRole, roleName } from './cases.ts';

const ACTION = 'eks-auth:AssumeRoleForPodIdentity';

export const nodeRole = defineCheck({
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
    const { cluster, instanceProfiles = {} } = facts.snapshot.aws ?? {};
    const nodes = [...podIdentityPodsByNode(facts)].map(([name, pods]) => {
      const node = facts.node(name);
      return { pods, profile: node && facts.instanceOf(node)?.instanceProfileArn };
    });
    for (const [profile, same] of grouped(nodes, (one) => one.profile)) {
      if (profile === undefined || cluster === undefined) continue;
      const arn = instanceProfiles[profile];
      if (arn === undefined) {
        yield { object: { kind: 'InstanceProfile', name: profile }, missing: 'iam:GetInstanceProfile' };
        continue;
      }
      const object = { kind: 'Role', name: arn };
      const role = yield* readableRole(facts, object, arn);
      const { value, reason } = role ? rolePermission(role, ACTION, cluster.arn) : {};
      if (value === 'unknown') yield { object, missing: missingPolicyRight(facts, arn) };
      const repair = `aws iam attach-role-policy --role-name ${roleName(arn)} --policy-arn arn:${facts.partition}:iam::aws:policy/AmazonEKSWorkerNodePolicy`;
      const pods = same.flatMap((one) => podNames(one.pods));
      if (value === 'denied') yield { object, text: `Its policies do not allow ${ACTION}: ${reason}.`, pods, repair };
    }
  },
});
