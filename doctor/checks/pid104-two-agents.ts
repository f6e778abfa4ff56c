import { obstacle } from '../facts/placement.ts';
import { objectOf } from './cases.ts';
import type { Check } from './check.ts';

export const twoAgents: Check = {
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
    const [first, ...others] = agents.toSorted((a, b) => startOf(a.metadata).localeCompare(startOf(b.metadata)));
    for (const other of others) {
      const shared = nodes.find((node) => [first, other].every((one) => one && obstacle(one, node) === undefined));
      if (first === undefined || shared === undefined) continue;
      yield {
        object: objectOf('DaemonSet', other.metadata),
        text: `It runs on the same nodes as ${first.metadata.namespace}/${first.metadata.name}, such as ${shared.metadata.name}.`,
        repair: `kubectl delete daemonset ${other.metadata.name} -n ${other.metadata.namespace}`,
      };
    }
  },
};

const startOf = ({
  creationTimestamp = '',
  name,
}: {
  readonly creationTimestamp?: string;
  readonly name: string;
}): string => `${creationTimestamp} ${name}`;
