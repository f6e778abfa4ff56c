import type { LoadVerdict } from '../../foundation/load-protocol.ts';

/** How a pod of a load has ended. */
export interface EndedPod {
  readonly name: string;
  readonly namespace: string;
  /** Undefined: it left none, or one that was cut off. */
  readonly verdict: LoadVerdict | undefined;
  /** How it ended, in a few words, where it left no verdict. */
  readonly end: string;
}

/** What the agents of a cluster have used, as their kubelets tell. */
export interface AgentUsage {
  /** Processor seconds since its containers' start, of all agents. */
  readonly cpuSeconds: number;
  /** Bytes of the working set of the largest. */
  readonly memory: number;
}

/** A load whose Jobs were made. */
export interface RunningLoad {
  /** How many pods it has in all. */
  readonly pods: number;
  /** Milliseconds since the epoch. */
  readonly startedAt: number;
  /** When its disturbance was over, milliseconds since the epoch. */
  recoversFrom?: number;
  readonly started: (count: number) => Promise<unknown>;
  readonly ended: (count: number) => Promise<readonly EndedPod[]>;
  /** What the agents used when it started, and at most since; undefined where no kubelet tells. */
  readonly usage: () => Promise<
    { readonly before: AgentUsage; readonly now: AgentUsage; readonly peak: number } | undefined
  >;
  readonly stop: () => void;
}
