import type { AgentVersion } from '../../components/agent/options.ts';
import type { OpenRequest } from '../cluster-type.ts';

/** A run's clusters are `<run>-c1` and `<run>-c2`; everything carries the run's id. */
export interface KindOptions extends Pick<OpenRequest, 'run' | 'workload' | 'journal' | 'progress' | 'signal'> {
  readonly images: {
    /** Default: the `kindest/node` that kind pins. */
    readonly node?: string;
    /** Default: the project's own images. */
    readonly agent?: string;
    readonly webhook?: string;
    readonly workload?: string;
    /** Image of the user's program. */
    readonly client?: string;
    /** Image of a runner in the cluster with its own AWS: nodes need not reach this machine. */
    readonly runner?: string;
    readonly base?: string;
  };
  /** Flags of the agent's `server` command. */
  readonly agentArgs: readonly string[];
  /** The agent's chart and behaviour. Default 0.1. */
  readonly agentChart?: AgentVersion;
  /** Existing cluster to use and restore. */
  readonly attach?: { readonly kubeconfig?: string; readonly context?: string };
  /** Milliseconds. */
  readonly readyMilliseconds: number;
  /** Folder for logs of a failed cluster, created on demand. */
  readonly diagnosticsDirectory: string;
}
