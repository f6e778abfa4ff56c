import type { AgentVersion } from '../../components/agent/options.ts';
import type { OpenRequest } from '../interface/cluster-type.ts';

/** Options of a run, whose clusters are `<run>-c1` and `<run>-c2`. */
export interface KindOptions extends Pick<OpenRequest, 'run' | 'workload' | 'journal' | 'progress' | 'signal'> {
  readonly images: {
    /** Default: kind's own `kindest/node`. */
    readonly node?: string;
    /** Default: the harness' own image. */
    readonly agent?: string;
    readonly webhook?: string;
    readonly workload?: string;
    /** The image of a user's program. */
    readonly client?: string;
    /** The image of an in-cluster runner with its own AWS. Nodes then need not reach this machine. */
    readonly runner?: string;
    readonly base?: string;
  };
  /** Flags of the agent's `server` command. */
  readonly agentArgs: readonly string[];
  /** The version of the agent's chart and behaviour. Default: 0.1. */
  readonly agentChart?: AgentVersion;
  /** An existing cluster to use and restore. */
  readonly attach?: { readonly kubeconfig?: string; readonly context?: string };
  readonly readyMilliseconds: number;
  /** Folder for the logs of failed clusters, created on demand. */
  readonly diagnosticsDirectory: string;
}
