import { grouped } from '../../foundation/node/grouped.ts';
import { counted } from '../../foundation/node/text.ts';
import { identityOf } from '../facts/identity.ts';
import { hasOwnIdentity } from '../facts/own-identity.ts';
import { workloadOf } from '../facts/workload.ts';
import { objectText } from '../snapshot/object-name.ts';
import { defineCheck, podNames, someOf } from './cases.ts';

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
    const users = facts.pods.flatMap((pod) => {
      if (hasOwnIdentity(facts, pod) || (pod.hostNetwork && pod.metadata.namespace === 'kube-system')) return [];
      const { mechanism, roleArn = '' } = identityOf(facts, pod);
      const node = facts.node(pod.nodeName);
      const { httpTokens, hopLimit } = (node && facts.instanceOf(node)) ?? {};
      const way = pod.hostNetwork ? 'the host network' : httpTokens === 'required' ? `hop limit ${hopLimit}` : 'IMDSv1';
      return mechanism === 'node-role' ? [{ pod, roleArn, way }] : [];
    });
    // One finding for all workloads, since clusters may have hundreds without an identity.
    for (const same of grouped(users, ({ roleArn, way }) => `${roleArn} ${way}`).values()) {
      const [{ roleArn, way } = { roleArn: '', way: '' }] = same;
      const workloads = [...new Set(same.map(({ pod }) => objectText(workloadOf(pod))))];
      const text = `${counted(workloads.length, 'workload')} without an identity can use it by ${way}: ${someOf(workloads)}.`;
      yield { object: { kind: 'Role', name: roleArn }, text, part: way, pods: podNames(same.map(({ pod }) => pod)) };
    }
  },
});
