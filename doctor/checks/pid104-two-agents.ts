import { obstacle } from '../facts/placement.ts';
import { defineCheck, objectOf } from './cases.ts';

export const twoAgents = defineCheck({
  id: 'PID104',
  title: 'Two agents compete for a node',
  severity: 'warning',
  rights: ['list daemonsets', 'list nodes'],
  observation: "Two of the agent's DaemonSets can run on the same node.",
  cause: 'The add-on and a Helm chart, or two infrastructure tools, each installed an agent.',
  effect: 'Only one agent can bind port 80 of 169.254.170.23. The other stays pending or crashes.',
  fix: 'Remove one of the two agents.',
  source: 'aws/aws-cdk#32580',
  *find({ agents, nodes }) {
    const [first, ...others] = agents.toSorted((a, b) => a.metadata.name.length - b.metadata.name.length);
    for (const other of others) {
      const shared = nodes.find((node) => [first, other].every((one) => one && obstacle(one, node) === undefined));
      if (first === undefined || shared === undefined) continue;
      const { namespace, name } = other.metadata;
      const text = `It runs on the same nodes as ${first.metadata.namespace}/${first.metadata.name}, such as ${shared.metadata.name}.`;
      const repair = `kubectl delete daemonset ${name} -n ${namespace}`;
      yield { object: objectOf('DaemonSet', other.metadata), text, repair };
    }
  },
});
