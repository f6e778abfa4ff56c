import { deferred } from './deferred.ts';
import type { ComponentImage, RunningComponent } from './images.ts';
import type { Exit, Running } from './process-host.ts';
import type { Pod } from './spec.ts';

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
