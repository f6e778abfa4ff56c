import type { Clock } from '../../../emulator/core/clock.ts';
import { DEFAULT_SETTINGS } from '../../../emulator/world/new-world.ts';
import type { Delays, EmulatorSettings } from '../../../emulator/core/settings.ts';

/** Time that stands still until a test moves it. */
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

/** Settings with these delays and no others. */
export function delays(some: Partial<Delays>, pace = 1): Pick<EmulatorSettings, 'delays' | 'pace'> {
  return { delays: { ...DEFAULT_SETTINGS.delays, ...some }, pace };
}
