import type { Pod } from './spec.ts';

/** A container image that stands for a program of this machine. */
export interface ProcessImage {
  /** Entry point with its arguments, used when the container has no `command`. */
  readonly entrypoint: readonly string[];
}

/** A container image that stands for a component which runs inside this process, as the agent does. */
export interface ComponentImage {
  /**
   * Starts it; a rejection is a container that ended with exit code 1 and the error's message as its log.
   *
   * @param root the container's own folder, in which its mounts are
   */
  start(pod: Pod, log: (line: string) => void, root: string): Promise<RunningComponent>;
}

export interface RunningComponent {
  stop(): Promise<void>;
  /** Root of the HTTP server that the component has on this port of its pod. */
  target(port: number): URL | undefined;
}

export type Image = ProcessImage | ComponentImage;

export type Images = ReadonlyMap<string, Image>;
