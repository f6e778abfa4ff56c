import type { Clock } from '../../../emulator/core/clock.ts';
import { DEFAULT_SETTINGS } from '../../../emulator/world/new-world.ts';
import type { Delays, EmulatorSettings } from '../../../emulator/core/settings.ts';

/** A clock that only advances when the test calls `pass`. */
export interface TestTime extends Clock {
  pass(milliseconds: number): void;
}

export function testTime(): TestTime {
  let now = 1000;
  return {
    now: () => now,
    pass: (milliseconds) => {
      now += milliseconds;
    },
  };
}

/** Returns settings with these delays; others keep their defaults. */
export function delays(some: Partial<Delays>, pace = 1): Pick<EmulatorSettings, 'delays' | 'pace'> {
  return { delays: { ...DEFAULT_SETTINGS.delays, ...some }, pace };
}
