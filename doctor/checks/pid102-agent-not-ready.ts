import { nodesWithoutAgent } from '../facts/agent.ts';
import { defineCheck, objectOf, podNames } from './cases.ts';

export const agentNotReady = defineCheck({
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
      const { namespace, name } = agent?.metadata ?? { name: '' };
      const text = agent ? `Its agent ${name} is ${agent.phase} and not ready.` : 'No pod of the agent runs on it.';
      const repair = agent && `kubectl logs ${name} -n ${namespace} --all-containers`;
      yield { object: objectOf('Node', node.metadata), text, pods: podNames(pods), ...(repair && { repair }) };
    }
  },
});
