import { AwsError } from '../core/errors.ts';
import type { World } from '../world/world.ts';
import type { Delays } from '../core/settings.ts';

export type Background = ReturnType<typeof background>;

/** What goes on behind calls: work that takes longer than they do, what happens some time after them, and names on hold. */
export function background(world: World) {
  const timers = new Set<NodeJS.Timeout>();
  const underWay = new Set<Promise<unknown>>();
  const names = new Map<string, string>();
  let closed = false;

  /** Acts when the milliseconds of AWS' time have passed, unless the emulator is closed before. */
  const after = (milliseconds: number, act: () => void): void => {
    if (closed) return;
    const timer = setTimeout(() => {
      timers.delete(timer);
      act();
    }, milliseconds / world.settings.pace);
    timer.unref();
    timers.add(timer);
  };

  return {
    after,
    /**
     * Starts `work` at once. What it resolves with makes its result show: it is called when the work is done and the delay
     * has passed. With a delay of 0 this promise waits for that, so that the call answers what came of it; else it resolves
     * at once. Work sees to its own failures: it never rejects.
     *
     * @throws AwsError `ServiceUnavailableException` 503 once the emulator is being closed; the work is not started then.
     */
    async run(delay: keyof Delays, work: () => Promise<() => void>): Promise<void> {
      if (closed) throw new AwsError('ServiceUnavailableException', 503, 'Service is unavailable.');
      const milliseconds = world.settings.delays[delay];
      const passed = new Promise<void>((resolve) => after(milliseconds, resolve));
      const outcome = work().finally(() => underWay.delete(outcome));
      underWay.add(outcome);
      if (milliseconds === 0) (await outcome)();
      else void Promise.all([outcome, passed]).then(([show]) => show());
    },
    /** Holds the name of something that is gone for the delay `reuse`; `id` is the id that it had. */
    hold(name: string, id: string): void {
      const milliseconds = world.settings.delays.reuse;
      if (milliseconds === 0) return;
      names.set(name, id);
      after(milliseconds, () => names.delete(name));
    },
    /** The id of what had the name that is on hold. */
    held: (name: string): string | undefined => names.get(name),
    /** Starts nothing more, forgets what was to happen later, and waits for the work under way. */
    async close(): Promise<void> {
      closed = true;
      for (const timer of timers) clearTimeout(timer);
      timers.clear();
      await Promise.allSettled(underWay);
    },
  };
}
