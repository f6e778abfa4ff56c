import type { Connection } from '../../foundation/protocols/kubernetes-connection.ts';

export interface InClusterOptions {
  /** A connection with administrator rights. */
  readonly connection: Connection;
  /** The run's id, which labels every object. */
  readonly run: string;
  readonly region: string;
  readonly readyMilliseconds: number;
  readonly signal: AbortSignal;
  readonly progress: (line: string) => void;
}

/** The namespace of agent and webhook. */
export const NAMESPACE = 'kube-system';
