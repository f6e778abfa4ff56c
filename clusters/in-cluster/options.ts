import type { Connection } from '../../foundation/protocols/kubernetes-connection.ts';

/** What agent and webhook need alike to be installed. */
export interface InClusterOptions {
  /** The API server, as an administrator. */
  readonly connection: Connection;
  /** Id of the run: every object carries it as a label. */
  readonly run: string;
  readonly region: string;
  /** Longest time until it is ready, in milliseconds. */
  readonly readyMilliseconds: number;
  readonly signal: AbortSignal;
  /** One line about what is being done. */
  readonly progress: (line: string) => void;
}

/** The namespace that both live in. */
export const NAMESPACE = 'kube-system';
