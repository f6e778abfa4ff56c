import { AGENT_ADDON } from '../agent-addon.ts';

/** What kind clusters can do, by the harness' capability names, unless what runs on them lacks it: see below. */
export const KIND_CAPABILITIES: ReadonlySet<string> = new Set([
  'kubernetes',
  'pod-identity',
  'irsa',
  'two-clusters',
  'imds',
  'agent-restart',
  'agent-stop',
  'agent-ipv6',
  'webhook-endpoint',
  'network-policy',
  'node-role',
]);

/** The fields of a DaemonSet that are looked at. */
export interface DaemonSetView {
  readonly metadata?: { readonly name?: string };
  readonly spec?: {
    readonly template?: {
      readonly spec?: {
        readonly containers?: readonly { readonly image?: string; readonly args?: readonly string[] }[];
      };
    };
  };
}

/** Network plugins and policy engines that put network policies in force, by the names of their DaemonSets. */
const ENFORCING = new Set(['antrea-agent', 'calico-node', 'canal', 'cilium', 'kube-network-policies', 'weave-net']);
/** kind's own plugin does since this image (kind 0.24). */
const KINDNET_SINCE = 20240813;

/** Which capabilities a cluster with these DaemonSets lacks after all. */
export function lackingCapabilities(daemonSets: readonly DaemonSetView[]): string[] {
  const lacking: string[] = [];
  if (!daemonSets.some(enforcesPolicies)) lacking.push('network-policy');
  const agent = daemonSets.find(({ metadata }) => metadata?.name === AGENT_ADDON);
  const args = agent?.spec?.template?.spec?.containers?.flatMap((container) => container.args ?? []).join(' ') ?? '';
  // Given once, --bind-hosts stands for all addresses.
  if (/(--bind-hosts|-b)[ =]/.test(args) && !args.includes('fd00:ec2::23')) lacking.push('agent-ipv6');
  return lacking;
}

function enforcesPolicies({ metadata, spec }: DaemonSetView): boolean {
  const { name = '' } = metadata ?? {};
  const containers = spec?.template?.spec?.containers ?? [];
  if (name === 'kindnet')
    return containers.some(({ image = '' }) => Number(/:v(\d{8})/.exec(image)?.[1] ?? 0) >= KINDNET_SINCE);
  if (name === 'kube-router') return containers.some(({ args = [] }) => args.includes('--run-firewall=true'));
  return ENFORCING.has(name);
}
