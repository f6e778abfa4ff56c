import type { AgentVersion } from '../../components/agent/options.ts';
import { option, type OptionValues } from '../../foundation/node/options.ts';
import type { HostedClusterType } from '../interface/cluster-type.ts';
import { AGENT_CHART, chartOf, CLIENT_LASTS } from '../interface/shared-options.ts';
import { embeddedCapabilities } from './capabilities.ts';

/** Without --agent-chart, scenarios that need agent 0.2 run on clusters of their own. */
const otherChartOf = ({ values }: OptionValues): AgentVersion | undefined =>
  values.get(AGENT_CHART.name)?.origin === 'default' ? '0.2' : undefined;

export const EMBEDDED: HostedClusterType = {
  name: 'embedded',
  isOwnKubernetes: true,
  options: [
    AGENT_CHART,
    option.text('client-command COMMAND', 'run this shell command as the client in pods (docs/own-program.md)', {
      commands: ['list', 'plan', 'loosen'],
    }),
    CLIENT_LASTS,
  ],
  aws: 'emulator',
  capabilities: (options) => embeddedCapabilities(chartOf(options)),
  otherCapabilities: (options) => {
    const chart = otherChartOf(options);
    return chart && embeddedCapabilities(chart);
  },
  existing: () => [],
  open: async ({ run, directory, workload, options, journal }) => {
    const { embeddedHost } = await import('./host.ts');
    const otherAgentChart = otherChartOf(options);
    return embeddedHost({
      ...{ run, directory, workload, agentChart: chartOf(options), journal },
      ...(otherAgentChart && { otherAgentChart }),
    });
  },
};
