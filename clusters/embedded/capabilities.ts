import type { AgentVersion } from '../../components/agent/options.ts';
import { AGENT_CAPABILITIES, COMMON_CAPABILITIES } from '../interface/capabilities.ts';
import { networkRights } from './node/network-rights.ts';

export const embeddedCapabilities = (chart: AgentVersion): ReadonlySet<string> =>
  new Set([
    ...COMMON_CAPABILITIES,
    ...AGENT_CAPABILITIES[chart],
    'imds',
    'agent-probe-port',
    'webhook-endpoint',
    'webhook-config-map',
    'cluster-clock',
    ...(networkRights() === undefined ? [] : ['client-network']),
  ]);
