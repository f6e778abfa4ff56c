import type { AgentVersion } from '../../components/agent/options.ts';
import { AGENT_CAPABILITIES, COMMON_CAPABILITIES, without } from '../capabilities.ts';

/**
 * What kind clusters can do, by the harness' capability names, unless what runs on them lacks it: see `unavailableCapabilities`.
 * An existing cluster is one, and keeps the issuer that it has. Their API server names its keys by SHA-256, which agent 0.2
 * takes for none of EKS, so that it checks no token itself.
 */
export const kindCapabilities = (attached: boolean, chart: AgentVersion = '0.1'): ReadonlySet<string> =>
  without(
    [
      ...COMMON_CAPABILITIES,
      ...AGENT_CAPABILITIES[chart],
      'imds',
      'webhook-endpoint',
      'webhook-config-map',
      'network-policy',
      'kubelet-stats',
    ],
    ['agent-token-validation', ...(attached ? ['two-clusters', 'own-cluster'] : [])],
  );
