/** A program that runs probes in pods, by foundation/protocols/probe-protocol.ts. */
import type { ChosenClient } from './client.ts';

export interface WorkloadProgram {
  readonly name: string;
  readonly image: string;
  /** The local command that embedded clusters run for this image. */
  readonly command: readonly [string, ...string[]];
  /** Names of the supported operations. Scenarios with other operations are skipped. */
  readonly operations: ReadonlySet<string>;
  /** Clients that it can start and that the image contains. */
  readonly clients?: readonly ChosenClient[];
  /** Its part of the image for clusters in Docker. If undefined, users must name an image. */
  readonly container?: {
    /** Paths in dist/ of the files to copy. */
    readonly files: readonly string[];
    readonly entrypoint: readonly [string, ...string[]];
  };
}
