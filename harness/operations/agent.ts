import { cluster, matching, opt, text, whole } from '../scenario/form.ts';
import { isDeepStrictEqual } from 'node:util';
import type { V1Container, V1DaemonSet, V1Pod, V1PodSpec } from '@kubernetes/client-node';
import { AGENT_ADDON, AGENT_SELECTOR } from '../../clusters/common/agent-addon.ts';
import { poll } from '../../foundation/node/poll.ts';
import type { ProbeResult } from '../../foundation/protocols/probe-protocol.ts';
import type { KubernetesClient } from '../kubernetes-client/client.ts';
import { kubernetesPollMilliseconds } from '../world/iam.ts';
import type { ClusterAlias } from '../scenario/policy.ts';
import type { Capability } from '../scenario/spec.ts';
import { clusterOf, type ScenarioContext } from '../scenario/scenario-context.ts';
import { httpResult } from './http-answer.ts';
import { defineHarnessOperation, defineStep } from '../scenario/operation-registry.ts';

const refersTo = ({ cluster }: { readonly cluster: ClusterAlias }) => ({ clusters: [cluster] });

const ofAgent = (
  name: string,
  capability: Capability,
  perform: (context: ScenarioContext, cluster: ClusterAlias) => Promise<void>,
) =>
  defineStep(name, (cluster: ClusterAlias = 'c1') => ({ cluster }), {
    form: { cluster },
    refersTo,
    needs: () => [capability],
    isExclusive: () => 'cluster',
    perform: ({ context }, { cluster }) => perform(context, cluster),
  });

export const restartAgent = ofAgent('RestartAgent', 'agent-restart', restart);
/** Removes the agent from all nodes of the cluster, until `startAgent` or the end of the scenario. */
export const stopAgent = ofAgent('StopAgent', 'agent-stop', stop);
export const startAgent = ofAgent('StartAgent', 'agent-stop', start);

interface AgentArguments {
  readonly cluster: ClusterAlias;
  readonly args: string;
}

const withArguments = (args: string, cluster: ClusterAlias = 'c1'): AgentArguments => ({ cluster, args });

const takesArguments = {
  form: { cluster, args: matching(/^-/, 'flags of the agent') },
  refersTo,
  needs: (): readonly Capability[] => ['agent-stop'],
} as const;

/** Restarts the agent with additional arguments, such as `--max-cache-size 0`, until the scenario ends or changes them. */
export const agentArguments = defineStep('AgentArguments', withArguments, {
  ...takesArguments,
  isExclusive: () => 'cluster',
  perform: async ({ context }, operation) => mustStart(await rollOut(context, operation)),
});

/** Like `agentArguments`, but refused if the agent's container exits twice. The scenario must be exclusive. */
export const rolloutAgent = defineHarnessOperation('RolloutAgent', withArguments, {
  ...takesArguments,
  standsAlone: true,
  describe: ({ args }) => [args],
  perform: async (context, operation) => {
    const exitCode = await rollOut(context, operation);
    return exitCode === undefined
      ? { outcome: 'granted' }
      : { outcome: 'refused', layer: 'agent', code: 'CrashLoopBackOff', facts: { exitCode } };
  },
});

/** The agent's port on the node's loopback, for the kubelet's probes. */
const PROBE_PORT = 2703;
/** Milliseconds to wait for a matching body: enough for a busy machine. */
const BODY_MILLISECONDS = 15_000;

interface AgentGetOptions {
  /** Repeats the request until the body matches; returns the last answer after a timeout. */
  readonly until?: RegExp;
  readonly cluster?: ClusterAlias;
}

/**
 * Sends a GET to the agent through the API server's pod proxy. Port 2705 serves metrics and probes. Port 2703 serves
 * probes on the node's loopback, which the proxy of a real cluster cannot reach.
 */
export const agentGet = defineHarnessOperation(
  'AgentGet',
  (port: number, path: string, { until, cluster = 'c1' }: AgentGetOptions = {}) => ({
    cluster,
    port,
    path,
    ...(until && { until: until.source }),
  }),
  {
    form: { cluster, port: whole(1, 65_535), path: text, until: opt(text) },
    refersTo,
    // The answer depends on earlier requests.
    standsAlone: true,
    needs: ({ port }) => (port === PROBE_PORT ? ['agent-probe-port'] : []),
    describe: ({ port, path }) => [`:${port}${path}`],
    perform: async (context, { cluster, port, path, until = '' }) => {
      const pod = await agentPod(context, cluster);
      let last: ProbeResult | undefined;
      return poll(
        async () => {
          last = await getFromAgent(clusterOf(context, cluster).kubernetes, `${pod}:${port}/proxy${path}`);
          return new RegExp(until).test(String(last.facts?.['body'])) ? last : undefined;
        },
        { every: 50, within: BODY_MILLISECONDS, signal: context.signal, late: (error) => last ?? (error as Error) },
      );
    },
  },
);

async function getFromAgent(kubernetes: KubernetesClient, path: string): Promise<ProbeResult> {
  const answer = await kubernetes.raw({ path: `/api/v1/namespaces/${NAMESPACE}/pods/${path}` });
  const result = httpResult('agent', answer);
  return result.outcome === 'refused' ? { ...result, code: String(answer.status) } : result;
}

const NAMESPACE = 'kube-system';
const DAEMON_SET = `/apis/apps/v1/namespaces/${NAMESPACE}/daemonsets/${AGENT_ADDON}`;
/** A node label that no node has, so a DaemonSet that selects it has no pods. */
const NOWHERE = 'conformance.eks-pod-identity/no-agent';

const isReady = (pod: V1Pod): boolean =>
  pod.metadata?.deletionTimestamp === undefined &&
  pod.status?.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True') === true;

const agentPods = (kubernetes: KubernetesClient): Promise<readonly V1Pod[]> =>
  kubernetes.listPods(NAMESPACE, AGENT_SELECTOR);

/** Returns the agent's pod on a node of the scenario's pods, or else any. Throws an Error if the cluster has none. */
async function agentPod(context: ScenarioContext, alias: ClusterAlias): Promise<string> {
  const { kubernetes, pods } = clusterOf(context, alias);
  const nodes = pods.nodesOf(context.scenario.id);
  const living = (await agentPods(kubernetes)).filter((pod) => pod.metadata?.deletionTimestamp === undefined);
  const chosen = living.find((pod) => nodes.has(pod.spec?.nodeName ?? '')) ?? living[0];
  if (chosen?.metadata?.name === undefined) throw new Error(`cluster ${alias} has no pod of the Pod Identity agent`);
  return chosen.metadata.name;
}

async function restart(context: ScenarioContext, alias: ClusterAlias): Promise<void> {
  const { kubernetes } = clusterOf(context, alias);
  const exitCode = await untilAgentsRun(context, kubernetes, async (before) => {
    await Promise.all(before.map((name) => kubernetes.deletePod(NAMESPACE, name)));
  });
  mustStart(exitCode);
}

/**
 * Makes a change that replaces the agent's pods, and waits until all are ready. Returns the exit code if one fails to
 * start. `isOther`: whether a pod is new. Default: it did not exist before.
 */
async function untilAgentsRun(
  context: ScenarioContext,
  kubernetes: KubernetesClient,
  change: (before: readonly string[]) => Promise<void>,
  {
    signal = context.signal,
    isOther,
  }: { readonly signal?: AbortSignal; readonly isOther?: (pod: V1Pod) => boolean } = {},
): Promise<number | undefined> {
  const before = (await agentPods(kubernetes)).map((pod) => pod.metadata?.name ?? '');
  // During another change, there may be no pods.
  const wanted = Math.max(1, before.length);
  await change(before);
  let exitCode: number | undefined;
  await untilAgents(
    context,
    kubernetes,
    (pods) => {
      const others = pods.filter(isOther ?? ((pod) => !before.includes(pod.metadata?.name ?? '')));
      exitCode = others.map(exitCodeOf).find((code) => code !== undefined);
      return exitCode !== undefined || (others.length >= wanted && others.every(isReady));
    },
    signal,
  );
  return exitCode;
}

/** Returns the exit code of an agent that exited twice; otherwise undefined. */
function exitCodeOf({ status }: V1Pod): number | undefined {
  const agent = status?.containerStatuses?.find(({ name }) => name === AGENT_ADDON);
  if (agent === undefined || agent.restartCount < 1) return undefined;
  const ended = agent.state?.terminated ?? (agent.state?.waiting && agent.lastState?.terminated);
  return ended && ended.exitCode !== 0 ? ended.exitCode : undefined;
}

function mustStart(exitCode: number | undefined): void {
  if (exitCode !== undefined)
    throw new Error(`the Pod Identity agent does not start (exit code ${exitCode}): check its pod`);
}

async function rollOut(context: ScenarioContext, { cluster, args }: AgentArguments): Promise<number | undefined> {
  const { kubernetes } = clusterOf(context, cluster);
  const set = (values: readonly string[], signal = context.signal): Promise<number | undefined> =>
    untilAgentsRun(context, kubernetes, () => setArguments(kubernetes, values), {
      signal,
      isOther: ({ spec }) => isDeepStrictEqual(agentOf(spec)?.args ?? [], values),
    });
  const original = context.agentArguments.get(cluster) ?? (await argumentsOf(kubernetes));
  if (!context.agentArguments.has(cluster)) {
    context.agentArguments.set(cluster, original);
    context.resources.addChange(`the agent's arguments of cluster ${cluster}`, async () =>
      mustStart(await set(original, AbortSignal.timeout(UNDO_MILLISECONDS))),
    );
  }
  return set([...original, ...args.split(' ')]);
}

/** Removes the agent from all nodes by the node selector of its DaemonSet, until the end of the scenario. */
async function stop(context: ScenarioContext, alias: ClusterAlias): Promise<void> {
  const { kubernetes } = clusterOf(context, alias);
  // Registered before the change: an interrupted scenario must not leave others without an agent.
  context.resources.addChange(`the agent of cluster ${alias}`, () =>
    start(context, alias, AbortSignal.timeout(UNDO_MILLISECONDS)),
  );
  await selectNowhere(kubernetes, true);
  await untilAgents(context, kubernetes, (pods) => pods.length === 0);
}

const UNDO_MILLISECONDS = 180_000;

async function start(context: ScenarioContext, alias: ClusterAlias, signal = context.signal): Promise<void> {
  const { kubernetes } = clusterOf(context, alias);
  await selectNowhere(kubernetes, false);
  await untilAgents(context, kubernetes, (pods) => pods.length > 0 && pods.every(isReady), signal);
}

const selectNowhere = (kubernetes: KubernetesClient, nowhere: boolean): Promise<void> =>
  patchDaemonSet(kubernetes, 'application/merge-patch+json', {
    spec: { template: { spec: { nodeSelector: { [NOWHERE]: nowhere ? 'true' : null } } } },
  });

/** Patches the agent's DaemonSet. Throws an Error if the API server rejects the patch. */
async function patchDaemonSet(kubernetes: KubernetesClient, type: string, body: object): Promise<void> {
  const answer = await kubernetes.raw({ method: 'PATCH', path: DAEMON_SET, headers: { 'content-type': type }, body });
  if (answer.status !== 200)
    throw new Error(`the agent's DaemonSet cannot be changed (status ${answer.status}): ${answer.body.slice(0, 200)}`);
}

async function untilAgents(
  context: ScenarioContext,
  kubernetes: KubernetesClient,
  satisfies: (pods: readonly V1Pod[]) => boolean,
  signal = context.signal,
): Promise<void> {
  const every = kubernetesPollMilliseconds(context.environment.aws);
  await poll(async () => satisfies(await agentPods(kubernetes)) || undefined, {
    every,
    signal,
    what: 'the pods of the agent',
  });
}

const agentOf = (spec: V1PodSpec | undefined): V1Container | undefined =>
  spec?.containers.find(({ name }) => name === AGENT_ADDON);

async function argumentsOf(kubernetes: KubernetesClient): Promise<readonly string[]> {
  const answer = await kubernetes.raw({ path: DAEMON_SET });
  const { spec } = JSON.parse(answer.body) as V1DaemonSet;
  const agent = agentOf(spec?.template.spec);
  if (agent === undefined) throw new Error(`the cluster has no DaemonSet ${AGENT_ADDON} with the agent`);
  return agent.args ?? [];
}

const setArguments = (kubernetes: KubernetesClient, args: readonly string[]): Promise<void> =>
  patchDaemonSet(kubernetes, 'application/strategic-merge-patch+json', {
    spec: { template: { spec: { containers: [{ name: AGENT_ADDON, args }] } } },
  });
