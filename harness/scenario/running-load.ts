import type { LoadVerdict } from '../../foundation/protocols/load-protocol.ts';

export interface EndedPod {
  readonly name: string;
  readonly namespace: string;
  /** Undefined: it left none, or a truncated one. */
  readonly verdict: LoadVerdict | undefined;
  /** How it ended, in a few words, without a verdict. */
  readonly end: string;
}

/** The end of a deleted pod whose last state was not seen. */
export const UNSEEN = 'deleted';

/** The usage of a cluster's agents, from their kubelets. */
export interface AgentUsage {
  /** Processor seconds since its containers' start, of all agents. */
  readonly cpuSeconds: number;
  /** Bytes of the working set of the largest. */
  readonly memory: number;
}

export interface RunningLoad {
  pods: number;
  /** Milliseconds since the epoch. */
  readonly startedAt: number;
  /** End of its disturbance, milliseconds since the epoch. */
  recoversFrom?: number;
  /** Replaces all its pods, if they are of Deployments. */
  readonly restart: () => Promise<unknown>;
  readonly end: () => Promise<unknown>;
  /** `<namespace>/<name>` of the pods that were seen, and of those that run. */
  readonly seen: () => readonly string[];
  readonly running: () => readonly string[];
  readonly gone: () => Promise<unknown>;
  readonly started: (count: number) => Promise<unknown>;
  readonly ended: (count: number) => Promise<readonly EndedPod[]>;
  /** Usage at its start, and the maximum since; undefined if no kubelet reports it. */
  readonly usage: () => Promise<
    { readonly before: AgentUsage; readonly now: AgentUsage; readonly peak: number } | undefined
  >;
  readonly stop: () => void;
}
