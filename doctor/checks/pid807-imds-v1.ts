import { nodeGroupOf } from '../facts/node-group.ts';
import { defineCheck } from './cases.ts';

export const imdsV1 = defineCheck({
  id: 'PID807',
  title: 'Nodes allow version 1 of the instance metadata service',
  severity: 'info',
  rights: ['list nodes', 'ec2:DescribeInstances'],
  observation: 'The metadata option `HttpTokens` of the instances is `optional`. Nodes of one group are one finding.',
  cause: 'The launch template or node class does not require tokens.',
  effect: 'Pods can use the node role despite hop limit 1, and so can attackers by request forgery in an application.',
  fix: 'Require tokens in the launch template or node class, and replace the nodes.',
  source: 'Amazon EC2 User Guide, "Configure the Instance Metadata Service options"',
  *find(facts) {
    for (const node of facts.nodes) {
      const instance = facts.instanceOf(node);
      if (instance?.httpTokens === 'optional' && instance.httpEndpoint !== 'disabled')
        yield { object: nodeGroupOf(node.metadata), text: 'HttpTokens is optional.' };
    }
  },
});
