import type { OptionSpec } from '../foundation/options.ts';

/** Options that several types of clusters have. */
export const AGENT_IMAGE: OptionSpec = {
  name: 'agent-image',
  kind: 'text',
  placeholder: 'IMAGE',
  help: 'image of the Pod Identity agent (default: the reference agent; on EKS the add-on)',
};

export const WORKLOAD_IMAGE: OptionSpec = {
  name: 'workload-image',
  kind: 'text',
  placeholder: 'IMAGE',
  help: 'image of the probe program (default: built from this package; on EKS it must be given)',
};

export const AGENT_ARGS: OptionSpec = {
  name: 'agent-args',
  kind: 'list',
  placeholder: 'FLAG',
  help: "further flag of the agent's server command (repeat, or a comma list)",
};

export const READY_TIMEOUT: OptionSpec = {
  name: 'ready-timeout',
  kind: 'number',
  placeholder: 'SECONDS',
  minimum: 1,
  maximum: 86_400,
  default: 300,
  help: 'longest time until a cluster is ready, in seconds',
};
