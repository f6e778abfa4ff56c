import { grouped } from '../../foundation/node/grouped.ts';
import { counted } from '../../foundation/node/text.ts';
import { agentObstacle, needsAgentPod, podIdentityPodsByNode } from '../facts/agent.ts';
import { defineCheck, objectOf, podNames, someOf } from './cases.ts';

export const agentExcluded = defineCheck({
  id: 'PID103',
  title: 'The agent cannot be scheduled on a node',
  severity: 'error',
  rights: ['list daemonsets', 'list nodes', 'list pods', 'eks:ListPodIdentityAssociations'],
  observation: "Tolerations and affinity of the agent's DaemonSet are compared with taints and labels of nodes.",
  cause: 'The agent was installed with its own tolerations or affinity, or nodes got a taint later.',
  effect: 'Pods with Pod Identity on such nodes get no credentials. It is a warning while none runs there.',
  fix: 'Let the agent tolerate all taints, as its add-on does by default.',
  source: 'aws/eks-pod-identity-agent, charts/eks-pod-identity-agent/values.yaml',
  *find(facts) {
    const podsOf = podIdentityPodsByNode(facts);
    const excluded = facts.nodes.flatMap((node) => {
      const found = needsAgentPod(facts, node) ? agentObstacle(facts, node) : undefined;
      return found ? [{ ...found, name: node.metadata.name }] : [];
    });
    if (facts.associations.length === 0) return;
    for (const [reason, cases] of grouped(excluded, (one) => one.reason)) {
      const names = cases.map(({ name }) => name);
      const pods = names.flatMap((name) => podNames(podsOf.get(name) ?? []));
      const text = `It ${reason} ${counted(names.length, 'node')}: ${someOf(names)}.`;
      const severity = pods.length > 0 ? 'error' : 'warning';
      for (const { agent } of cases.slice(0, 1))
        yield { object: objectOf('DaemonSet', agent.metadata), text, pods, severity, part: reason };
    }
  },
});
