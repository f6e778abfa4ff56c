/** Where the emulator reads the time: milliseconds since the Unix epoch. */
export interface Clock {
  now(): number;
}

/** A clock that tests move: real time plus an offset in milliseconds. */
export interface MovableClock extends Clock {
  /** Moves the clock by `milliseconds` (negative: back). */
  advance(milliseconds: number): void;
  /** Back to real time. */
  reset(): void;
}

export function movableClock(): MovableClock {
  let offset = 0;
  return {
    now: () => Date.now() + offset,
    advance: (milliseconds) => {
      offset += milliseconds;
    },
    reset: () => {
      offset = 0;
    },
  };
}
