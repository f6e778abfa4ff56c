import type { V1DaemonSet } from '@kubernetes/client-node';
import type { AgentVersion } from '../../components/agent/options.ts';
import { AGENT_ADDON, chartOf } from '../common/agent-addon.ts';
import { TRIES, type ObjectMeta } from './objects.ts';
import { retry } from '../../foundation/node/poll.ts';
import type { Connection } from '../../foundation/protocols/kubernetes-connection.ts';

/** DaemonSets of network plugins and engines that enforce network policies. */
const ENFORCING = new Set(['antrea-agent', 'calico-node', 'canal', 'cilium', 'kube-network-policies', 'weave-net']);
/** kind's own network plugin enforces policies since this image (kind 0.24). */
const KINDNET_SINCE = 20240813;

type Named = V1DaemonSet & { readonly metadata: ObjectMeta };

export async function daemonSetsOf(connection: Connection, signal?: AbortSignal): Promise<readonly Named[]> {
  const { items } = await retry(
    (attempt) => connection.json<{ items: Named[] }>('GET', '/apis/apps/v1/daemonsets', undefined, attempt),
    { ...TRIES, signal },
  );
  return items;
}

const agentOf = (daemonSets: readonly V1DaemonSet[]): V1DaemonSet | undefined =>
  daemonSets.find(({ metadata }) => metadata?.name === AGENT_ADDON);

/** Returns the agent's chart version, or undefined without an agent. */
export function agentChartOf(daemonSets: readonly V1DaemonSet[]): AgentVersion | undefined {
  const [container] = agentOf(daemonSets)?.spec?.template?.spec?.containers ?? [];
  return container && chartOf(container);
}

export function unavailableCapabilities(daemonSets: readonly V1DaemonSet[]): string[] {
  const unavailable: string[] = [];
  if (!daemonSets.some(enforcesPolicies)) unavailable.push('network-policy');
  const agent = agentOf(daemonSets);
  const args = agent?.spec?.template?.spec?.containers?.flatMap((container) => container.args ?? []).join(' ') ?? '';
  // --bind-hosts replaces both default addresses.
  if (/(--bind-hosts|-b)[ =]/.test(args) && !args.includes('fd00:ec2::23')) unavailable.push('agent-ipv6');
  return unavailable;
}

function enforcesPolicies({ metadata, spec }: V1DaemonSet): boolean {
  const { name = '' } = metadata ?? {};
  const containers = spec?.template?.spec?.containers ?? [];
  if (name === 'kindnet')
    return containers.some(({ image = '' }) => Number(/:v(\d{8})/.exec(image)?.[1] ?? 0) >= KINDNET_SINCE);
  // Its policies are optional (EKS User Guide, "Limit Pod traffic with Kubernetes network policies").
  if (name === 'aws-node')
    return containers.some(({ args = [] }) => args.some((arg) => /^--enable-network-policy(=true)?$/.test(arg)));
  if (name === 'kube-router') return containers.some(({ args = [] }) => args.includes('--run-firewall=true'));
  return ENFORCING.has(name);
}
