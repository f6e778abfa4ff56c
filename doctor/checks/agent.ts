import { grouped } from '../../foundation/node/grouped.ts';
import { counted } from '../../foundation/node/text.ts';
import {
  agentObstacle,
  isAgentMissing,
  needsAgentPod,
  nodesWithoutAgent,
  podIdentityPodsByNode,
  troubleOf,
} from '../facts/agent.ts';
import { hasPodIdentity } from '../facts/injection.ts';
import { workloadOf } from '../facts/workload.ts';
import type { Role } from '../snapshot/aws.ts';
import { obstacle } from '../facts/placement.ts';
import { accountOf } from '../../identity/role.ts';
import { endpointDenials } from '../facts/endpoints.ts';
import { rolePermission, roleSession } from '../facts/trust.ts';
import { aws } from './commands.ts';
import { defineCheck, missingPolicyRight, objectOf, podNames, readableRole, roleName, someOf } from './cases.ts';

export const agentMissing = defineCheck({
  id: 'PID101',
  title: 'The Pod Identity Agent is not installed',
  severity: 'error',
  hops: ['agent'],
  inMigration: 'ignored-with-new-agent',
  rights: ['list daemonsets', 'list nodes', 'list pods', 'eks:ListPodIdentityAssociations'],
  observation: 'The cluster has associations and EC2 nodes outside EKS Auto Mode, but no DaemonSet of the agent.',
  cause: 'The add-on `eks-pod-identity-agent` was never installed, or it was removed.',
  effect: 'Pods with an association get the variables of Pod Identity, but nothing answers at 169.254.170.23.',
  fix: 'Install the add-on `eks-pod-identity-agent`.',
  source: 'EKS User Guide, "Set up the Amazon EKS Pod Identity Agent"',
  *find(facts) {
    if (!isAgentMissing(facts)) return;
    const text = `No DaemonSet eks-pod-identity-agent exists for ${counted(facts.associations.length, 'association')}.`;
    const repair = aws(facts, `eks create-addon --cluster-name ${facts.name} --addon-name eks-pod-identity-agent`);
    const pods = podNames(facts.pods.filter(hasPodIdentity));
    yield { object: { kind: 'Cluster', name: facts.name }, text, repair, pods };
  },
});

export const agentNotReady = defineCheck({
  id: 'PID102',
  title: 'The agent is missing or not ready on a node',
  severity: 'error',
  hops: ['agent'],
  inMigration: 'ignored-with-new-agent',
  rights: ['list daemonsets', 'list nodes', 'list pods'],
  observation: 'A node runs pods with Pod Identity variables. Its pod of the agent is absent or not ready.',
  cause:
    'The agent crashes, its port 80 or 2703 is taken, its image cannot be pulled, or its pod is Pending or was evicted.',
  effect: 'Requests for credentials on this node are refused or time out.',
  fix: 'Free the port, or the resources that the scheduler names (the add-on runs with priority system-node-critical). If it cannot bind [fd00:ec2::23], give it the argument `-b 169.254.170.23`. Otherwise read the logs of the agent on this node.',
  source: 'EKS User Guide, "Set up the Amazon EKS Pod Identity Agent"',
  *find(facts) {
    for (const { node, pods, agent } of nodesWithoutAgent(facts)) {
      const text = agent
        ? `Its agent ${agent.metadata.name} is ${agent.phase} and not ready${troubleOf(facts, agent, node.metadata.name)}.`
        : 'No pod of the agent runs on it.';
      const isDown = !node.ready;
      const severity = isDown ? 'warning' : 'error';
      yield {
        object: objectOf('Node', node.metadata),
        text: isDown ? `The node is not ready. ${text}` : text,
        pods: podNames(pods),
        severity,
      };
    }
  },
});

export const agentExcluded = defineCheck({
  id: 'PID103',
  title: 'The agent cannot be scheduled on a node',
  severity: 'error',
  hops: ['agent'],
  rights: ['list daemonsets', 'list nodes', 'list pods', 'eks:ListPodIdentityAssociations'],
  observation: "Tolerations and affinity of the agent's DaemonSet are compared with taints and labels of nodes.",
  cause: 'The agent was installed with its own tolerations or affinity, or nodes got a taint later.',
  effect: 'Pods with Pod Identity on such nodes get no credentials. Nodes without such pods are not reported.',
  fix: 'Let the agent tolerate all taints and select all Linux nodes, as its add-on does by default.',
  source: 'aws/eks-pod-identity-agent, charts/eks-pod-identity-agent/values.yaml',
  *find(facts) {
    const podsOf = podIdentityPodsByNode(facts);
    const excluded = facts.nodes.flatMap((node) => {
      const agentProblem = needsAgentPod(facts, node) ? agentObstacle(facts, node) : undefined;
      return agentProblem ? [{ ...agentProblem, name: node.metadata.name }] : [];
    });
    // Nodes that the agent leaves out harm nobody while no pod there needs it.
    const isNeeded = ({ name }: { readonly name: string }): boolean => podsOf.has(name);
    if (facts.associations.length === 0 || !excluded.some(isNeeded)) return;
    for (const [reason, cases] of grouped(excluded, (one) => one.reason)) {
      const names = cases.toSorted((a, b) => Number(isNeeded(b)) - Number(isNeeded(a))).map(({ name }) => name);
      const pods = names.flatMap((name) => podNames(podsOf.get(name) ?? []));
      const text = `It ${reason} ${counted(names.length, 'node')}: ${someOf(names)}.`;
      if (pods.length === 0) continue;
      for (const { agent } of cases.slice(0, 1))
        yield { object: objectOf('DaemonSet', agent.metadata), text, pods, part: reason };
    }
  },
});

const BROKEN = ['CREATE_FAILED', 'DEGRADED', 'UPDATE_FAILED', 'DELETE_FAILED'];

export const addOnUnhealthy = defineCheck({
  id: 'PID105',
  title: "The agent's add-on is unhealthy",
  severity: 'warning',
  hops: ['agent'],
  rights: ['eks:ListAddons', 'eks:DescribeAddon', 'list daemonsets', 'list nodes', 'list pods'],
  observation: 'Status and issues of the add-on `eks-pod-identity-agent`. PID102 reports agents by node.',
  cause: 'An installation or update failed, its configuration conflicts, or its pods do not become ready.',
  effect: 'Some nodes may have no agent, or an old one.',
  fix: 'Repair the issue that the add-on reports, then update the add-on.',
  source: 'Amazon EKS API Reference, AddonHealth',
  *find(facts) {
    const addon = facts.snapshot.aws?.addons?.find(({ name }) => name === 'eks-pod-identity-agent');
    if (addon === undefined) return;
    const isCounted = nodesWithoutAgent(facts).length > 0;
    const issues = addon.issues.filter(({ code }) => !(isCounted && code === 'InsufficientNumberOfReplicas'));
    const isBroken = BROKEN.includes(addon.status ?? '') && !(isCounted && issues.length < addon.issues.length);
    if (!isBroken && issues.length === 0) return;
    const reasons = issues.map(({ code, message }) => [code, message].filter(Boolean).join(': '));
    yield {
      object: { kind: 'Addon', name: addon.name },
      text: `Its status is ${addon.status ?? 'unknown'}${reasons.length > 0 ? ` (${reasons.join('; ')})` : ''}.`,
    };
  },
});

export const agentOnAutoMode = defineCheck({
  id: 'PID106',
  title: 'The agent also runs on nodes of EKS Auto Mode',
  severity: 'warning',
  hops: ['agent'],
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
      const text = `It can run on Auto Mode nodes: ${someOf(shared)}.`;
      if (shared.length > 0) yield { object: objectOf('DaemonSet', agent.metadata), text };
    }
  },
});

const ACTION = 'eks-auth:AssumeRoleForPodIdentity';
const ALLOWED = JSON.stringify({ Statement: { Effect: 'Allow', Action: ACTION, Resource: '*' } });

export const nodeRole = defineCheck({
  id: 'PID107',
  title: 'The node role may not request credentials for pods',
  severity: 'error',
  hops: ['node role'],
  rights: [
    ...['list nodes', 'list pods', 'eks:DescribeCluster'],
    ...['ec2:DescribeInstances', 'iam:GetInstanceProfile', 'iam:GetRole'],
  ],
  observation: `The policies of the roles of nodes that run pods with Pod Identity, and of VPC endpoints, are evaluated for \`${ACTION}\`.`,
  cause:
    'A custom node role lacks the managed policy AmazonEKSWorkerNodePolicy, or a policy, permissions boundary or VPC endpoint denies the action.',
  effect: 'The agent gets AccessDeniedException from EKS Auth for every pod on these nodes.',
  fix: 'Attach the managed policy AmazonEKSWorkerNodePolicy to the node role, or allow the action in a policy. Allow it in the permissions boundary and in the policy of the VPC endpoint.',
  source: 'EKS User Guide, "Set up the Amazon EKS Pod Identity Agent"',
  *find(facts) {
    const { cluster, instanceProfiles = {} } = facts.snapshot.aws ?? {};
    const nodes = [...podIdentityPodsByNode(facts)].map(([name, pods]) => {
      const node = facts.node(name);
      return { pods, profile: node && facts.instanceOf(node)?.instanceProfileArn };
    });
    for (const [profile, same] of grouped(nodes, (one) => one.profile)) {
      if (profile === undefined || cluster === undefined) continue;
      const arn = instanceProfiles[profile];
      if (arn === undefined) {
        yield { object: { kind: 'InstanceProfile', name: profile }, missing: 'iam:GetInstanceProfile' };
        continue;
      }
      const object = { kind: 'Role', name: arn };
      const role = yield* readableRole(facts, object, arn);
      if (role === undefined) continue;
      const permission = (given: Role) => rolePermission(facts, given, ACTION, cluster.arn);
      const { value, reason, missing } = permission(role);
      if (value === 'unknown') yield { object, missing: missing ?? missingPolicyRight(facts, arn) };
      const attach = `iam attach-role-policy --role-name ${roleName(arn)} --policy-arn arn:${facts.partition}:iam::aws:policy/AmazonEKSWorkerNodePolicy`;
      const isEnough = permission({ ...role, policies: { ...role.policies, ALLOWED } }).value === 'allowed';
      const repair = isEnough ? aws(facts, attach) : undefined;
      const pods = same.flatMap((one) => podNames(one.pods));
      if (value === 'denied') yield { object, text: `Its policies do not allow ${ACTION}: ${reason}.`, pods, repair };
      const session = { ...roleSession(arn, role), resourceAccount: accountOf(arn), context: {} };
      for (const endpoint of endpointDenials(facts, { ...session, action: ACTION, resource: cluster.arn })) {
        const text = `The policy of VPC endpoint ${endpoint.id} does not allow it ${ACTION}.`;
        if (endpoint.value === 'unknown') yield { object: { kind: 'VpcEndpoint', name: endpoint.id }, missing: ACTION };
        if (endpoint.value === 'denied') yield { object, text, pods, part: endpoint.id, severity: 'warning' };
      }
    }
  },
});

export const failedBeforeAgent = defineCheck({
  id: 'PID108',
  title: 'A pod failed before the agent of its node was ready',
  severity: 'warning',
  hops: ['agent'],
  inMigration: 'ignored',
  rights: ['list pods', 'list daemonsets'],
  observation: "A failed pod with Pod Identity variables was created before its node's agent became ready.",
  cause: 'On a new node, pods may start before the agent. A Job with few retries then fails for good.',
  effect: 'The Job did not do its work, although everything is right now.',
  fix: 'Create the Job again. Let its program retry, or give it a higher backoffLimit.',
  source: 'aws/eks-pod-identity-agent#159',
  *find(facts) {
    for (const pod of facts.snapshot.kubernetes.pods ?? []) {
      if (pod.phase !== 'Failed' || !hasPodIdentity(pod)) continue;
      const { readySince } = facts.agentPodOn(pod.nodeName ?? '') ?? {};
      const { creationTimestamp = '', namespace } = pod.metadata;
      const sinceCreation = Date.parse(readySince ?? '') - Date.parse(creationTimestamp);
      if (!(sinceCreation > 0 && sinceCreation < STARTUP)) continue;
      const text = `Its pod was created at ${creationTimestamp}, but the agent on node ${pod.nodeName} is ready only since ${readySince}.`;
      const { kind, name } = workloadOf(pod);
      yield {
        object: objectOf(kind, { name, ...(namespace !== undefined && { namespace }) }),
        text,
      };
    }
  },
});

/** Milliseconds after its creation in which a pod may fail of a missing agent. */
const STARTUP = 600_000;
