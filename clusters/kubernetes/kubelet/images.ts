import { deferred } from './deferred.ts';
import type { Exit, Running } from './process-host.ts';
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

/** Runs a component inside this process, seen from outside like a container: it ends with 0 on SIGTERM. */
export async function startComponent(
  image: ComponentImage,
  pod: Pod,
  root: string,
  output: (chunk: Buffer) => void,
): Promise<Running> {
  const log = (line: string): void => output(Buffer.from(line.endsWith('\n') ? line : `${line}\n`));
  let component: RunningComponent;
  try {
    component = await image.start(pod, log, root);
  } catch (error) {
    log(error instanceof Error ? error.message : String(error));
    return { ended: Promise.resolve({ exitCode: 1 }), signal: () => undefined, target: () => undefined };
  }
  const ended = deferred<Exit>();
  let stopping = false;
  return {
    ended: ended.promise,
    signal: (signal) => {
      if (signal === 'SIGKILL') ended.resolve({ exitCode: 137, signal: 9 });
      if (stopping) return;
      stopping = true;
      component.stop().then(
        () => ended.resolve({ exitCode: 0 }),
        () => ended.resolve({ exitCode: 1 }),
      );
    },
    target: (port) => (stopping ? undefined : component.target(port)),
  };
}
