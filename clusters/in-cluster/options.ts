import type { Connection } from '../../foundation/protocols/kubernetes-connection.ts';

export interface InClusterOptions {
  /** Administrator's access. */
  readonly connection: Connection;
  /** Id of the run, the label of every object. */
  readonly run: string;
  readonly region: string;
  /** Milliseconds. */
  readonly readyMilliseconds: number;
  readonly signal: AbortSignal;
  readonly progress: (line: string) => void;
}

/** Namespace of agent and webhook. */
export const NAMESPACE = 'kube-system';
