import { deferred } from './deferred.ts';
import type { Exit, Running } from './process-host.ts';
import type { Pod } from './spec.ts';

/** An image that runs a local program. */
export interface ProcessImage {
  /** The default command. */
  readonly entrypoint: readonly string[];
}

/** An image that runs a component in this process, such as the agent. */
export interface ComponentImage {
  /** Starts the component. `root`: the folder with the container's mounts. A rejection is logged and means exit code 1. */
  start(pod: Pod, log: (line: string) => void, root: string): Promise<RunningComponent>;
}

interface RunningComponent {
  stop(): Promise<void>;
  /** Returns the URL of the component's server on the port. */
  target(port: number): URL | undefined;
}

export type Image = ProcessImage | ComponentImage;

export type Images = ReadonlyMap<string, Image>;

/** Runs a component like a container, whose exit code after SIGTERM is 0. */
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
