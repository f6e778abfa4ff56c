/** A program that makes probes in pods, by foundation/protocols/probe-protocol.ts. */
import type { ChosenClient } from './client.ts';

export interface WorkloadProgram {
  readonly name: string;
  readonly image: string;
  /** The local program, with arguments, that embedded clusters start for that image. */
  readonly command: readonly [string, ...string[]];
  /** Its operations, by their names in scenarios. Scenarios with others are skipped. */
  readonly operations: ReadonlySet<string>;
  /** Clients whose programs it starts, and which the image contains. */
  readonly clients?: readonly ChosenClient[];
  /** Its part of the image for clusters in Docker. Without it, the image must be named there. */
  readonly container?: {
    /** Files to copy and prepare: paths in dist/. */
    readonly files: readonly string[];
    readonly entrypoint: readonly [string, ...string[]];
  };
}
