import { option } from '../../foundation/node/options.ts';
import type { HostedClusterType } from '../interface/cluster-type.ts';
import { AGENT_ARGS, AGENT_CHART, AGENT_IMAGE, chartOf, READY_TIMEOUT } from '../interface/shared-options.ts';

/** The cluster of this process's pod, for a standalone emulator. The add-on is installed through EKS. */
export const IN_CLUSTER: HostedClusterType = {
  name: 'in-cluster',
  options: [
    AGENT_IMAGE,
    AGENT_ARGS,
    AGENT_CHART,
    option.list(
      'agent-variables NAME=VALUE',
      'set this environment variable of the agent (repeatable or comma-separated)',
    ),
    option.text('service-account-dir DIR', "read the token and ca.crt of this pod's service account from this folder"),
    option.text('reached-at URL', 'reach the emulator from nodes and pods at this URL'),
    option.number('metadata-port N', "serve the nodes' instance metadata on this port; 0 picks a free one", {
      maximum: 65_535,
      default: 0,
    }),
    option.text('owner RUN', 'label installed objects with this run id'),
    option.text('cluster-name NAME', "use this name for EKS's record of the cluster", { default: 'in-cluster' }),
    READY_TIMEOUT,
  ],
  emulatorOptions: [
    ...['agent-image', 'agent-args', 'agent-chart', 'agent-variables'],
    ...['service-account-dir', 'reached-at', 'metadata-port', 'owner', 'cluster-name'],
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
      metadataPort: options.number('metadata-port'),
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
