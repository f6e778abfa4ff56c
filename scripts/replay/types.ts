/** One answer that was not the recorded one. */
export interface Difference {
  /** The recorded exchange or review. */
  readonly name: string;
  readonly expected: string;
  readonly actual: string;
}

/** What replaying one recording found. */
export interface ReplayResult {
  /** How many exchanges, reviews and other recorded facts were compared. */
  readonly compared: number;
  readonly differences: readonly Difference[];
}
