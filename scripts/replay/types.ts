export interface Difference {
  /** Name of the recorded exchange or review. */
  readonly name: string;
  readonly expected: string;
  readonly actual: string;
}

export interface ReplayResult {
  readonly compared: number;
  readonly differences: readonly Difference[];
}
