import { agentObstacle, needsAgentPod, podIdentityPodsByNode } from '../facts/agent.ts';
import type { DaemonSet } from '../snapshot/kubernetes.ts';
import { counted, objectOf, podNames, someOf } from './cases.ts';
import type { Check } from './check.ts';

export const agentExcluded: Check = {
  id: 'PID103',
  title: 'The agent cannot be scheduled on a node',
  severity: 'error',
  rights: ['list daemonsets', 'list nodes', 'list pods', 'eks:ListPodIdentityAssociations'],
  observation:
    "Tolerations, node selector and required node affinity of the agent's DaemonSet are compared with the taints and labels of EC2 nodes.",
  cause: 'The agent was installed with its own tolerations or affinity, or nodes got a taint later.',
  effect: 'Pods with Pod Identity on such nodes get no credentials. It is a warning while none runs there.',
  fix: 'Let the agent tolerate all taints, as its add-on does by default.',
  source: 'aws/eks-pod-identity-agent, charts/eks-pod-identity-agent/values.yaml',
  *find(facts) {
    if (facts.associations.length === 0) return;
    const podsOf = podIdentityPodsByNode(facts);
    const cases = new Map<string, { readonly agent: DaemonSet; readonly reason: string; readonly nodes: string[] }>();
    for (const node of facts.nodes.filter((one) => needsAgentPod(facts, one))) {
      const excluded = agentObstacle(facts, node);
      if (excluded === undefined) continue;
      const before = cases.get(excluded.reason) ?? { ...excluded, nodes: [] };
      before.nodes.push(node.metadata.name);
      cases.set(excluded.reason, before);
    }
    for (const { agent, reason, nodes } of cases.values()) {
      const pods = nodes.flatMap((name) => podNames(podsOf.get(name) ?? []));
      yield {
        object: objectOf('DaemonSet', agent.metadata),
        text: `It ${reason} ${counted(nodes.length, 'node')}: ${someOf(nodes)}.`,
        pods,
        severity: pods.length > 0 ? 'error' : 'warning',
      };
    }
  },
};
