/** Milliseconds since the Unix epoch. */
export interface Clock {
  now(): number;
}

/** A clock for tests: real time plus an offset in milliseconds. */
export interface MovableClock extends Clock {
  advance(milliseconds: number): void;
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
