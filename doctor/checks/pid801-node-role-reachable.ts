import { identityOf } from '../facts/identity.ts';
import { hasOwnIdentity } from '../facts/own-identity.ts';
import { defineCheck, podCase, roleName } from './cases.ts';

export const nodeRoleReachable = defineCheck({
  id: 'PID801',
  title: 'A pod without an identity can use the node role',
  severity: 'info',
  rights: ['list pods', 'list nodes', 'list serviceaccounts', 'ec2:DescribeInstances', 'iam:GetInstanceProfile'],
  observation: 'Hop limit, IMDS version and `hostNetwork`. Pods of the host network in kube-system are excluded.',
  cause: 'The hop limit is 2 or more, IMDSv1 is allowed, or the pod uses the host network.',
  effect: 'The pod has all permissions of the node role. A missing identity stays unnoticed.',
  fix: 'Require IMDSv2 with hop limit 1, and give workloads that need AWS an identity.',
  source: 'Amazon EKS Best Practices Guide, "Identity and Access Management": restrict access to the instance profile',
  *find(facts) {
    for (const pod of facts.pods) {
      if (hasOwnIdentity(facts, pod) || (pod.hostNetwork && pod.metadata.namespace === 'kube-system')) continue;
      const { mechanism, roleArn = '' } = identityOf(facts, pod);
      const node = facts.node(pod.nodeName);
      const { httpTokens, hopLimit } = (node && facts.instanceOf(node)) ?? {};
      const way = pod.hostNetwork ? 'the host network' : httpTokens === 'required' ? `hop limit ${hopLimit}` : 'IMDSv1';
      if (mechanism === 'node-role') yield podCase(pod, `Its pods can use node role ${roleName(roleArn)} by ${way}.`);
    }
  },
});
