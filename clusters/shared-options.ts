import { AGENT_VERSIONS, type AgentVersion } from '../components/agent/options.ts';
import { option, type OptionSpec, type OptionValues } from '../foundation/node/options.ts';

export const AGENT_IMAGE: OptionSpec = option.text(
  'agent-image IMAGE',
  'image of the Pod Identity agent (default: the reference agent; on EKS the add-on)',
);

export const WORKLOAD_IMAGE: OptionSpec = option.text(
  'workload-image IMAGE',
  'image of the probe program (default: built from this package; on EKS it must be given)',
);

export const RUNNER_OPTIONS: readonly OptionSpec[] = [
  option.flag('in-cluster', 'run in the cluster itself, as a Job (docs/in-cluster.md)'),
  option.text('runner-image IMAGE', 'with --in-cluster: image of the runner (scripts/runner-image.js builds it)'),
  option.text('results-claim NAME', 'with --in-cluster: PersistentVolumeClaim that keeps the report folder'),
  option.text('kubeconfig FILE', 'use the cluster of this kubeconfig instead of making one (on EKS with --in-cluster)'),
  option.text('context NAME', 'use the cluster of this context (of --kubeconfig, KUBECONFIG or ~/.kube/config)'),
];

export const AGENT_ARGS: OptionSpec = option.list(
  'agent-args FLAG',
  "further flag of the agent's server command (repeat, or a comma list)",
);

export const AGENT_CHART: OptionSpec = option.choice(
  'agent-chart',
  AGENT_VERSIONS,
  'the chart that installs the agent, and whose behaviour the reference agent has (on EKS with --agent-image)',
  { default: '0.1' },
);

export const chartOf = (options: OptionValues): AgentVersion => options.text(AGENT_CHART.name) as AgentVersion;

export const READY_TIMEOUT: OptionSpec = option.number(
  'ready-timeout SECONDS',
  'longest time until a cluster is ready, in seconds',
  { minimum: 1, maximum: 86_400, default: 300 },
);
