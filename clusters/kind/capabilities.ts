import type { AgentVersion } from '../../components/agent/options.ts';
import { AGENT_CAPABILITIES, COMMON_CAPABILITIES, without } from '../interface/capabilities.ts';

/**
 * Returns the harness capabilities of kind clusters. Existing clusters keep their issuer. Agent 0.2 verifies no tokens here,
 * because key ids are SHA-256, unlike on EKS.
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
