import { AwsError } from '../../foundation/aws/aws-error.ts';
import type { World } from '../world/world.ts';
import type { Delays } from '../core/settings.ts';

export type Background = ReturnType<typeof background>;

/** Returns what runs background work: slow operations, delayed effects and reserved names. */
export function background(world: World) {
  const timers = new Set<NodeJS.Timeout>();
  const underWay = new Set<Promise<unknown>>();
  const names = new Map<string, string>();
  let closed = false;

  /** Acts after this many milliseconds of AWS's time, unless the emulator closes first. */
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
     * Starts `work`, which never rejects, and applies its result after the delay. With a delay of 0, the promise waits
     * for the result; else it resolves immediately. Throws `ServiceUnavailableException` while the emulator closes.
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
    /** Reserves a deleted name for the delay `reuse`. `id` is its former id. */
    hold(name: string, id: string): void {
      const milliseconds = world.settings.delays.reuse;
      if (milliseconds === 0) return;
      names.set(name, id);
      after(milliseconds, () => names.delete(name));
    },
    /** Returns the former id of a reserved name. */
    held: (name: string): string | undefined => names.get(name),
    /** Cancels delayed effects and waits for running work. */
    async close(): Promise<void> {
      closed = true;
      for (const timer of timers) clearTimeout(timer);
      timers.clear();
      await Promise.allSettled(underWay);
    },
  };
}
