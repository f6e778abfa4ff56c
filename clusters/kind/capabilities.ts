import type { AgentVersion } from '../../components/agent/options.ts';
import { AGENT_CAPABILITIES, COMMON_CAPABILITIES, without } from '../capabilities.ts';

/**
 * Harness capability names of kind clusters. Existing ones keep their issuer. Agent 0.2 verifies no tokens, since key ids are
 * SHA-256, unlike EKS's.
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
