import type { LoadVerdict } from '../../foundation/protocols/load-protocol.ts';

export interface EndedPod {
  readonly name: string;
  readonly namespace: string;
  /** Undefined if missing or truncated. */
  readonly verdict: LoadVerdict | undefined;
  /** How the pod ended, in a few words, if it has no verdict. */
  readonly end: string;
}

/** The end of a deleted pod whose last state was not seen. */
export const UNSEEN = 'deleted';

/** Resource usage of a cluster's agents, from their kubelets. */
export interface AgentUsage {
  /** CPU seconds of all agents since the start of their containers. */
  readonly cpuSeconds: number;
  /** Largest working set of an agent, in bytes. */
  readonly memory: number;
}

export interface RunningLoad {
  pods: number;
  /** Milliseconds since the epoch. */
  readonly startedAt: number;
  /** End of the disturbance, in milliseconds since the epoch. */
  recoversFrom?: number;
  /** Replaces all pods, if they belong to Deployments. */
  readonly restart: () => Promise<unknown>;
  readonly end: () => Promise<unknown>;
  /** `<namespace>/<name>` of all pods seen so far, and of the running ones. */
  readonly seen: () => readonly string[];
  readonly running: () => readonly string[];
  readonly gone: () => Promise<unknown>;
  readonly started: (count: number) => Promise<unknown>;
  readonly ended: (count: number) => Promise<readonly EndedPod[]>;
  /** Usage at the start and now, and the peak since; undefined if no kubelet reports it. */
  readonly usage: () => Promise<
    { readonly before: AgentUsage; readonly now: AgentUsage; readonly peak: number } | undefined
  >;
  readonly stop: () => void;
}
