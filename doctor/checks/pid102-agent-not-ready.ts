import { nodesWithoutAgent } from '../facts/agent.ts';
import { objectOf, podNames } from './cases.ts';
import type { Check } from './check.ts';

export const agentNotReady: Check = {
  id: 'PID102',
  title: 'The agent is missing or not ready on a node',
  severity: 'error',
  rights: ['list daemonsets', 'list nodes', 'list pods'],
  observation: 'A ready node runs pods with Pod Identity variables. Its pod of the agent is absent or not ready.',
  cause: 'The agent crashes, its port 80 is taken, its image cannot be pulled, or its pod was evicted.',
  effect: 'Requests for credentials on this node are refused or time out.',
  fix: 'Read the events and logs of the agent on this node.',
  source: 'EKS User Guide, "Set up the Amazon EKS Pod Identity Agent"',
  *find(facts) {
    for (const { node, pods, agent } of nodesWithoutAgent(facts)) {
      const { namespace = 'kube-system', name } = agent?.metadata ?? { name: '' };
      yield {
        object: objectOf('Node', node.metadata),
        text: agent ? `Its agent ${name} is ${agent.phase} and not ready.` : 'No pod of the agent runs on it.',
        pods: podNames(pods),
        ...(agent && { repair: `kubectl logs ${name} -n ${namespace} --all-containers` }),
      };
    }
  },
};
