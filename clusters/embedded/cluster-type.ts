import { option } from '../../foundation/node/options.ts';
import type { HostedClusterType } from '../interface/cluster-type.ts';
import { AGENT_CHART, chartOf, CLIENT_LASTS } from '../interface/shared-options.ts';
import { embeddedCapabilities } from './capabilities.ts';

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
  existing: () => [],
  open: async ({ run, directory, workload, options, journal }) => {
    const { embeddedHost } = await import('./host.ts');
    return embeddedHost({ run, directory, workload, agentChart: chartOf(options), journal });
  },
};
