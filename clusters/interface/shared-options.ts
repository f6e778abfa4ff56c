import { AGENT_VERSIONS, type AgentVersion } from '../../components/agent/options.ts';
import {
  option,
  withFields,
  type Conflict,
  type OptionSpec,
  type OptionValues,
} from '../../foundation/node/options.ts';

/** Conflict of options that need local files, a terminal or an emulator in this process. */
export const NOT_IN_RUNNER = {
  conflicts: [
    {
      with: ['in-cluster', 'print-manifest'],
      because: 'the runner has neither local files nor a terminal (docs/eks.md)',
      always: true,
    },
  ],
} as const;
/** Conflict of options that only a runner uses. */
export const ONLY_IN_RUNNER = { conflicts: [{ without: ['in-cluster', 'print-manifest'] }], outside: true } as const;

/** Conflicts of options about the agent on EKS. */
export const AUTO_MODE: Conflict = {
  with: ['compute=auto-mode'],
  without: ['cluster-name'],
  because: 'Auto Mode provides its own nodes and agent',
};
const ADDON: Conflict = {
  with: ['cluster=eks'],
  without: ['agent-image'],
  because: 'the add-on determines its own arguments and chart',
};

export const AGENT_IMAGE: OptionSpec = option.text(
  'agent-image IMAGE',
  'run this Pod Identity agent image (default: the reference agent; on EKS the add-on)',
  { outside: 'with-emulator', conflicts: [{ ...AUTO_MODE, always: true }] },
);

export const WORKLOAD_IMAGE: OptionSpec = option.text(
  'workload-image IMAGE',
  'run probes in this image (default: built from this package; required on EKS)',
  { outside: true },
);

/** EKS clusters are accessed with tokens for the AWS credentials. A runner's manifest is applied to the cluster of a context. */
const KUBECONFIG = {
  conflicts: [
    {
      with: ['cluster=eks'],
      without: ['in-cluster', 'print-manifest'],
      because: 'EKS clusters are accessed with tokens for the AWS credentials',
    },
  ],
} as const;

export const RUNNER_OPTIONS: readonly OptionSpec[] = withFields({ outside: true }, [
  option.flag('in-cluster', 'run as a Job in the cluster (docs/eks.md)', {
    conflicts: [
      {
        without: ['runner-image'],
        because: 'scripts/runner-image.js in a clone builds it (docs/eks.md)',
        always: true,
      },
    ],
  }),
  option.text(
    'runner-image IMAGE',
    'with --in-cluster: the image to run (scripts/runner-image.js builds it)',
    ONLY_IN_RUNNER,
  ),
  option.text('results-claim NAME', 'with --in-cluster: the PersistentVolumeClaim to store reports in', ONLY_IN_RUNNER),
  option.text('kubeconfig FILE', 'use the cluster of this kubeconfig (on EKS with --in-cluster)', KUBECONFIG),
  option.text(
    'context NAME',
    'use the cluster of this context (of --kubeconfig, KUBECONFIG or ~/.kube/config)',
    KUBECONFIG,
  ),
]);

export const CLIENT_LASTS: OptionSpec = option.flag(
  'client-lasts',
  'the own program does one operation after another (docs/own-program.md)',
  { commands: ['list', 'plan', 'loosen'] },
);

export const AGENT_ARGS: OptionSpec = option.list(
  'agent-args FLAG',
  "pass this flag to the agent's server command (repeatable or comma-separated)",
  { outside: 'with-emulator', conflicts: [AUTO_MODE, ADDON] },
);

export const AGENT_CHART: OptionSpec = option.choice(
  'agent-chart',
  AGENT_VERSIONS,
  'use the agent of this chart version (on EKS with --agent-image)',
  { outside: 'with-emulator', default: '0.1', conflicts: [AUTO_MODE, ADDON] },
);

export const chartOf = (options: OptionValues): AgentVersion => options.text(AGENT_CHART.name) as AgentVersion;

export const READY_TIMEOUT: OptionSpec = option.number(
  'ready-timeout SECONDS',
  'wait up to this many seconds for a cluster to become ready',
  { minimum: 1, maximum: 86_400, default: 300 },
);
