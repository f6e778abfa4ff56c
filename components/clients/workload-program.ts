/**
 * A program that makes probes in pods: it reads a `ProbePlan` and prints `ProbeReport`s (foundation/protocols/probe-protocol.ts).
 * All that the harness and the clusters know of it.
 */
import type { ChosenClient } from './client.ts';

export interface WorkloadProgram {
  readonly name: string;
  /** Image reference by which pods of embedded clusters name it. */
  readonly image: string;
  /** What a pod of an embedded cluster starts in place of that image: a program of this machine, and its arguments. */
  readonly command: readonly [string, ...string[]];
  /** The operations that it has handlers for, by their names in scenarios. Scenarios with others are skipped. */
  readonly operations: ReadonlySet<string>;
  /** Clients whose programs it starts, which are put into the image too. */
  readonly clients?: readonly ChosenClient[];
  /** Its part of the image that is built for clusters in Docker. Without it, its image must be named there. */
  readonly container?: {
    /** What is copied, and how its code is made ready: paths in dist/. */
    readonly files: readonly string[];
    readonly entrypoint: readonly [string, ...string[]];
  };
}
