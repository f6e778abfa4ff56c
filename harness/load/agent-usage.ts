import { AGENT_SELECTOR } from '../../clusters/common/agent-addon.ts';
import type { KubernetesClient } from '../kubernetes-client/client.ts';
import type { AgentUsage } from '../scenario/running-load.ts';

interface Summary {
  readonly pods?: readonly {
    readonly podRef: { readonly name: string };
    readonly containers?: readonly {
      readonly cpu?: { readonly usageCoreNanoSeconds?: number };
      readonly memory?: { readonly workingSetBytes?: number };
    }[];
  }[];
}

/** Reads the agents' usage from their kubelets (Kubernetes, "Node metrics data", Summary API); undefined without data. */
async function agentUsage(kubernetes: KubernetesClient): Promise<AgentUsage | undefined> {
  const agents = await kubernetes.listPods('kube-system', AGENT_SELECTOR);
  const used = await Promise.all(
    agents.map(async ({ metadata, spec }) => {
      const answer = await kubernetes.raw({ path: `/api/v1/nodes/${spec?.nodeName}/proxy/stats/summary` });
      if (answer.status !== 200) return [];
      const { pods = [] } = JSON.parse(answer.body) as Summary;
      return pods.find(({ podRef }) => podRef.name === metadata?.name)?.containers ?? [];
    }),
  );
  const containers = used.flat();
  if (containers.length === 0) return undefined;
  return {
    cpuSeconds: containers.reduce((sum, { cpu }) => sum + (cpu?.usageCoreNanoSeconds ?? 0) / 1e9, 0),
    memory: Math.max(...containers.map(({ memory }) => memory?.workingSetBytes ?? 0)),
  };
}

/** Kubelets measure pods about every ten seconds. */
const EVERY_MILLISECONDS = 10_000;

/** Follows the resource usage of the clusters' agents. Ignores missing and late answers. */
export async function watchUsage(clusters: readonly KubernetesClient[], signal: AbortSignal) {
  const look = async (): Promise<AgentUsage | undefined> => {
    const each = (await Promise.all(clusters.map((one) => agentUsage(one).catch(() => undefined)))).filter(
      (usage) => usage !== undefined,
    );
    if (each.length === 0) return undefined;
    return {
      cpuSeconds: each.reduce((sum, { cpuSeconds }) => sum + cpuSeconds, 0),
      memory: Math.max(...each.map(({ memory }) => memory)),
    };
  };
  const before = await look();
  let peak = before?.memory ?? 0;
  const note = async (): Promise<AgentUsage | undefined> => {
    const now = await look();
    peak = Math.max(peak, now?.memory ?? 0);
    return now;
  };
  const timer = setInterval(() => void note(), EVERY_MILLISECONDS);
  timer.unref();
  const stop = (): void => clearInterval(timer);
  signal.addEventListener('abort', stop, { once: true });
  return {
    stop,
    read: async () => {
      const now = before && (await note());
      return before && now && { before, now, peak };
    },
  };
}
