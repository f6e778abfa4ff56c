import { AGENT_VERSIONS, type AgentVersion } from '../../components/agent/options.ts';
import { option, type OptionSpec, type OptionValues } from '../../foundation/node/options.ts';

export const AGENT_IMAGE: OptionSpec = option.text(
  'agent-image IMAGE',
  'run this Pod Identity agent image (default: the reference agent; on EKS the add-on)',
);

export const WORKLOAD_IMAGE: OptionSpec = option.text(
  'workload-image IMAGE',
  'run probes in this image (default: built from this package; required on EKS)',
);

export const RUNNER_OPTIONS: readonly OptionSpec[] = [
  option.flag('in-cluster', 'run as a Job in the cluster (docs/eks.md)'),
  option.text('runner-image IMAGE', 'with --in-cluster: the image to run (scripts/runner-image.js builds it)'),
  option.text('results-claim NAME', 'with --in-cluster: the PersistentVolumeClaim to store reports in'),
  option.text('kubeconfig FILE', 'use the cluster of this kubeconfig (on EKS with --in-cluster)'),
  option.text('context NAME', 'use the cluster of this context (of --kubeconfig, KUBECONFIG or ~/.kube/config)'),
];

export const CLIENT_LASTS: OptionSpec = option.flag(
  'client-lasts',
  'the own program does one operation after another (docs/own-program.md)',
);

export const AGENT_ARGS: OptionSpec = option.list(
  'agent-args FLAG',
  "pass this flag to the agent's server command (repeatable or comma-separated)",
);

export const AGENT_CHART: OptionSpec = option.choice(
  'agent-chart',
  AGENT_VERSIONS,
  'use the agent of this chart version (on EKS with --agent-image)',
  { default: '0.1' },
);

export const chartOf = (options: OptionValues): AgentVersion => options.text(AGENT_CHART.name) as AgentVersion;

export const READY_TIMEOUT: OptionSpec = option.number(
  'ready-timeout SECONDS',
  'wait up to this many seconds for a cluster to become ready',
  { minimum: 1, maximum: 86_400, default: 300 },
);
