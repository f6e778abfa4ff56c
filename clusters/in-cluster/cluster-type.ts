import { option } from '../../foundation/node/options.ts';
import type { HostedClusterType } from '../cluster-type.ts';
import { AGENT_ARGS, AGENT_CHART, AGENT_IMAGE, chartOf, READY_TIMEOUT } from '../shared-options.ts';

/** The cluster of this process's pod, for an emulator served alone. The add-on is installed through EKS. */
export const IN_CLUSTER: HostedClusterType = {
  name: 'in-cluster',
  options: [
    AGENT_IMAGE,
    AGENT_ARGS,
    AGENT_CHART,
    option.list('agent-variables NAME=VALUE', "variable of the agent's environment (repeat, or a comma list)"),
    option.text('service-account-dir DIR', 'folder with the token and ca.crt of the service account of this pod'),
    option.text('reached-at URL', 'where nodes and pods reach the emulator'),
    option.text('owner RUN', 'id of the run whose the cluster is: what is installed carries it'),
    option.text('cluster-name NAME', 'what EKS calls the cluster', { default: 'in-cluster' }),
    READY_TIMEOUT,
  ],
  emulatorOptions: [
    ...['agent-image', 'agent-args', 'agent-chart', 'agent-variables'],
    ...['service-account-dir', 'reached-at', 'owner', 'cluster-name'],
  ],
  aws: 'emulator',
  capabilities: () => new Set(),
  existing: (options) => [options.text('cluster-name') ?? []].flat(),
  open: async ({ options, run, progress, signal }) => {
    const { inClusterHost } = await import('./host.ts');
    return inClusterHost({
      run: options.text('owner') ?? run,
      serviceAccount: options.text('service-account-dir') ?? '',
      reachedAt: options.text('reached-at') ?? '',
      agentImage: options.text('agent-image') ?? '',
      agentArgs: options.list('agent-args'),
      agentVariables: options.list('agent-variables'),
      agentChart: chartOf(options),
      readyMilliseconds: options.number('ready-timeout') * 1000,
      progress,
      signal,
    });
  },
};
