import type { Server } from 'node:http';
import { RELEASES, startAgent } from '../../../components/agent/index.ts';
import type { AgentOptions, AgentVersion } from '../../../components/agent/index.ts';
import type { Clock } from '../../../emulator/index.ts';
import type { ComponentImage } from '../../kubernetes/index.ts';
import { agentSettings } from './agent-settings.ts';
import type { LinkLocalAddress } from './link-local.ts';

export const agentImageOf = (version: AgentVersion): string =>
  `602401143452.dkr.ecr.us-west-2.amazonaws.com/eks/eks-pod-identity-agent:v${RELEASES[version]}`;

const PROBE_PORT = 2703;
const METRICS_PORT = 2705;

export interface AgentHost extends Required<Pick<AgentOptions, 'clusterName' | 'region' | 'version' | 'credentials'>> {
  readonly awsEndpoint: string;
  readonly apiServer: string;
  readonly addresses: { readonly v4: LinkLocalAddress; readonly v6: LinkLocalAddress };
  readonly clock: Clock;
}

/** Returns an image that runs a node's agent, with a loopback port for each link-local address. */
export function agentImage(host: AgentHost): ComponentImage {
  return {
    start: async (pod, log, root) => {
      const { families, ...settings } = agentSettings(pod.spec.containers[0]?.args ?? []);
      const agent = await startAgent({
        clusterName: host.clusterName,
        region: host.region,
        regionalEndpoint: host.awsEndpoint,
        version: host.version,
        inCluster: { apiServer: host.apiServer, root },
        credentials: host.credentials,
        bindHosts: families.map(() => '127.0.0.1'),
        port: 0,
        probePort: 0,
        metricsAddress: '127.0.0.1',
        metricsPort: 0,
        clock: host.clock,
        log,
        ...settings,
      });
      const connect = async (servers: readonly Server[]): Promise<void> => {
        for (const [index, family] of families.entries()) await host.addresses[family].setTarget(servers[index]);
      };
      const stop = async (): Promise<void> => {
        // Refuse new connections at once, but finish pending requests.
        await connect([]);
        await agent.stop();
      };
      try {
        await connect(agent.servers);
      } catch (error) {
        await stop();
        throw error;
      }
      return {
        stop,
        target: (port) =>
          port === METRICS_PORT ? new URL(agent.metricsUrl) : port === PROBE_PORT ? new URL(agent.probeUrl) : undefined,
      };
    },
  };
}
