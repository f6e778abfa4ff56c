import guesses from './guesses.json' with { type: 'json' };

/** What the emulator does where AWS's documentation is silent, and what finds out. */
export interface Guess {
  /** Never given to another guess. */
  readonly id: string;
  /** The setting of the emulator that decides it, or how its paragraph of docs/emulator.md begins. */
  readonly decision?: string;
  readonly guess: string;
  /** What to do by hand, of one that no scenario settles. */
  readonly byHand?: string;
  /** The scenario that settles it, and which of its probes, counted from 1. */
  readonly scenario?: string;
  readonly probe?: number;
  /** Whether the message counts too. */
  readonly message?: boolean;
  /** Facts that count too, by name. */
  readonly facts?: readonly string[];
  /** What changes when AWS answers otherwise. */
  readonly otherwise: string;
}

export const GUESSES: readonly Guess[] = guesses;
