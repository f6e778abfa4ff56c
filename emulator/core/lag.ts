import type { EmulatorSettings } from './settings.ts';

/** For how long changes go unseen, in milliseconds of real time: the settings `delays.iam` and `.listing` at their pace. */
export interface Lag {
  readonly iam: number;
  /** Within IAM: what it looks at before it deletes something. AWS tells no figure; it is less than elsewhere. */
  readonly withinIam: number;
  readonly listing: number;
}

export function lagOf({ delays, pace }: Pick<EmulatorSettings, 'delays' | 'pace'>): Lag {
  return { iam: delays.iam / pace, withinIam: delays.iam / 5 / pace, listing: delays.listing / pace };
}
