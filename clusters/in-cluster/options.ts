import type { Connection } from '../../foundation/kubernetes/connection.ts';

/** What agent and webhook need alike to be installed. */
export interface InClusterOptions {
  /** The API server, as an administrator. */
  readonly connection: Connection;
  /** Id of the run: every object carries it as a label. */
  readonly run: string;
  readonly region: string;
  /** All faults of the run: those of the component are handed to it. */
  readonly faults: readonly string[];
  /** Longest time until it is ready, in milliseconds. */
  readonly readyMilliseconds: number;
  readonly signal: AbortSignal;
  /** One line about what is being done. */
  readonly progress: (line: string) => void;
}

/** Environment variable by which the project's own components learn of faults. */
const FAULTS_VARIABLE = 'CONFORMANCE_FAULTS';

/** The variable for a component's own faults among those of the run; none when it has none, so that other images see nothing of it. */
export function faultVariables(
  own: readonly string[],
  faults: readonly string[],
): readonly { readonly name: string; readonly value: string }[] {
  const on = faults.filter((fault) => own.includes(fault));
  return on.length === 0 ? [] : [{ name: FAULTS_VARIABLE, value: on.join() }];
}

/** The namespace that both live in. */
export const NAMESPACE = 'kube-system';
