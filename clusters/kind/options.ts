import type { AgentVersion } from '../../components/agent/options.ts';
import type { OpenRequest } from '../cluster-type.ts';

/**
 * Where kind clusters come from and what runs on them: those of a run are `<run>-c1` and `<run>-c2`, and everything else that is
 * made carries its id too.
 */
export interface KindOptions extends Pick<OpenRequest, 'run' | 'workload' | 'journal' | 'progress' | 'signal'> {
  readonly images: {
    /** Node image. Default: the `kindest/node` that the installed kind pins. */
    readonly node?: string;
    /** Images of the components and the workload program. Default: the project's own, built when they are not there yet. */
    readonly agent?: string;
    readonly webhook?: string;
    readonly workload?: string;
    /** Of the user's own program, which is run beside the probe program. */
    readonly client?: string;
    /** Of a runner that is put into the cluster, with an AWS beside it: nodes need not reach this machine's then. */
    readonly runner?: string;
    /** What the project's own images are built from. */
    readonly base?: string;
  };
  /** Further flags of the agent's `server` command. */
  readonly agentArgs: readonly string[];
  /** Whose chart the agent is installed by, and whose behaviour the reference agent has. Default 0.1. */
  readonly agentChart?: AgentVersion;
  /** Use this cluster instead of making one, and leave it as it was. */
  readonly attach?: { readonly kubeconfig?: string; readonly context?: string };
  /** Longest time until a cluster is ready, in milliseconds. */
  readonly readyMilliseconds: number;
  /** Where what a failed cluster left to see is written: logs of nodes and components. Made when it is needed. */
  readonly diagnosticsDirectory: string;
}
