import { grouped } from '../../foundation/node/grouped.ts';
import type { DaemonSet, Node, Pod } from '../snapshot/kubernetes.ts';
import type { ClusterFacts } from './cluster-facts.ts';
import { containersOf, hasPodIdentity } from './injection.ts';
import { obstacle } from './placement.ts';

/** Whether the agent must run as a pod. Nodes of EKS Auto Mode contain it, and Fargate and Windows have none. */
export function needsAgentPod(facts: ClusterFacts, node: Node): boolean {
  const compute = facts.computeOf(node);
  return compute === 'ec2' || (compute === 'hybrid' && facts.agentPodOn(node.metadata.name) !== undefined);
}

/** Whether associations exist, but no DaemonSet of the agent. */
export const isAgentMissing = (facts: ClusterFacts): boolean =>
  facts.isEks &&
  facts.associations.length > 0 &&
  facts.agents.length === 0 &&
  (facts.nodes.length === 0 ? !facts.isAutoMode : facts.nodes.some((node) => needsAgentPod(facts, node)));

/** Returns why no agent can run on a node, by the DaemonSet that is meant for EC2; undefined if one can. */
export function agentObstacle(facts: ClusterFacts, node: Node): { agent: DaemonSet; reason: string } | undefined {
  const byPurpose = facts.agents.toSorted((a, b) => a.metadata.name.length - b.metadata.name.length);
  const obstacles = byPurpose.map((agent) => ({ agent, reason: obstacle(agent, node) }));
  const [first] = obstacles;
  return first?.reason === undefined || obstacles.some(({ reason }) => reason === undefined)
    ? undefined
    : { agent: first.agent, reason: first.reason };
}

/** Pods with Pod Identity's variables by the name of their node. */
export const podIdentityPodsByNode = ({ pods }: ClusterFacts): ReadonlyMap<string, readonly Pod[]> =>
  grouped(
    pods.filter((pod) => pod.nodeName !== undefined && hasPodIdentity(pod)),
    ({ nodeName = '' }) => nodeName,
  );

/** Returns the nodes whose pods need an agent that could run there, but is missing or not ready. */
export function nodesWithoutAgent(facts: ClusterFacts): readonly { node: Node; pods: readonly Pod[]; agent?: Pod }[] {
  if (isAgentMissing(facts)) return [];
  return [...podIdentityPodsByNode(facts)].flatMap(([name, pods]) => {
    const node = facts.node(name);
    if (node === undefined || !needsAgentPod(facts, node)) return [];
    if (agentObstacle(facts, node)) return [];
    const agent = facts.agentPodOn(name);
    return agent?.ready === true ? [] : [{ node, pods, ...(agent && { agent }) }];
  });
}

/** The ports of the agent on its node: credentials and probes (aws/eks-pod-identity-agent, README.md). */
const PORTS = [80, 2703];

/** Returns why a pod of the agent is not ready: the scheduler's words, its containers' last errors, and who has its ports. */
export function troubleOf(facts: ClusterFacts, agent: Pod, node: string): string {
  const states = containersOf(agent).flatMap(({ name, status }) => {
    const { reason = 'not running', exitCode, message } = status ?? {};
    const code = exitCode === undefined ? '' : `, exit code ${exitCode}`;
    return status ? [`container ${name}: ${reason}${code}${message ? `, "${message.replace(/\.$/, '')}"` : ''}`] : [];
  });
  const taken = facts.pods.flatMap((pod) => {
    if (pod.nodeName !== node || pod === agent) return [];
    const ports = containersOf(pod).flatMap(({ hostPorts = [] }) => hostPorts.filter((port) => PORTS.includes(port)));
    return ports.map((port) => `host port ${port} is taken by ${pod.metadata.namespace}/${pod.metadata.name}`);
  });
  const all = [
    ...(agent.unschedulable === undefined ? [] : [agent.unschedulable.replace(/\.$/, '')]),
    ...states,
    ...taken,
  ];
  return all.length === 0 ? '' : ` (${all.join('; ')})`;
}
