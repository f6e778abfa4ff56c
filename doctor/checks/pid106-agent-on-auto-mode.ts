import { obstacle } from '../facts/placement.ts';
import { defineCheck, objectOf, someOf } from './cases.ts';

export const agentOnAutoMode = defineCheck({
  id: 'PID106',
  title: 'The agent also runs on nodes of EKS Auto Mode',
  severity: 'warning',
  rights: ['list daemonsets', 'list nodes'],
  observation: 'A DaemonSet of the agent can run on nodes with `eks.amazonaws.com/compute-type: auto`.',
  cause: "The agent was installed without the affinity of the add-on, which excludes Auto Mode's nodes.",
  effect: "Auto Mode's own agent already uses port 80 of the address, so the second one crashes.",
  fix: 'Exclude compute type `auto` in the node affinity of the DaemonSet, or remove it.',
  source: 'aws/aws-application-networking-k8s#722',
  *find(facts) {
    const nodes = facts.nodes.filter((node) => facts.computeOf(node) === 'auto');
    for (const agent of facts.agents) {
      const shared = nodes.filter((node) => obstacle(agent, node) === undefined).map(({ metadata }) => metadata.name);
      if (shared.length > 0)
        yield {
          object: objectOf('DaemonSet', agent.metadata),
          text: `It can run on Auto Mode nodes: ${someOf(shared)}.`,
        };
    }
  },
});
