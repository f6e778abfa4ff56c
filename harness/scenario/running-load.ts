import type { LoadVerdict } from '../../foundation/protocols/load-protocol.ts';

/** How a pod of a load has ended. */
export interface EndedPod {
  readonly name: string;
  readonly namespace: string;
  /** Undefined: it left none, or one that was cut off. */
  readonly verdict: LoadVerdict | undefined;
  /** How it ended, in a few words, where it left no verdict. */
  readonly end: string;
}

/** How a pod ended that was deleted, and whose last state was not seen. */
export const UNSEEN = 'deleted';

/** What the agents of a cluster have used, as their kubelets tell. */
export interface AgentUsage {
  /** Processor seconds since its containers' start, of all agents. */
  readonly cpuSeconds: number;
  /** Bytes of the working set of the largest. */
  readonly memory: number;
}

/** A load whose Jobs or Deployments were made. */
export interface RunningLoad {
  /** How many pods it has in all; a rolling restart adds as many again. */
  pods: number;
  /** Milliseconds since the epoch. */
  readonly startedAt: number;
  /** When its disturbance was over, milliseconds since the epoch. */
  recoversFrom?: number;
  /** Has all its pods replaced by new ones, where Deployments make them. */
  readonly restart: () => Promise<unknown>;
  /** Deletes what makes its pods. */
  readonly end: () => Promise<unknown>;
  /** `<namespace>/<name>` of those that were seen, and of those that run. */
  readonly seen: () => readonly string[];
  readonly running: () => readonly string[];
  /** Resolves once none is there any more. */
  readonly gone: () => Promise<unknown>;
  readonly started: (count: number) => Promise<unknown>;
  readonly ended: (count: number) => Promise<readonly EndedPod[]>;
  /** What the agents used when it started, and at most since; undefined where no kubelet tells. */
  readonly usage: () => Promise<
    { readonly before: AgentUsage; readonly now: AgentUsage; readonly peak: number } | undefined
  >;
  /** Stops following it. */
  readonly stop: () => void;
}
