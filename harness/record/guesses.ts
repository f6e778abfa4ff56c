import guesses from './guesses.json' with { type: 'json' };

/** A behaviour of the emulator that AWS does not document, and the scenario that verifies it. */
export interface Guess {
  /** Never reused for another guess. */
  readonly id: string;
  /** The emulator's setting that decides it. */
  readonly setting?: string;
  readonly guess: string;
  /** What else the emulator does there, and the reasons. */
  readonly details?: string;
  /** Manual steps, if no scenario settles it. */
  readonly byHand?: string;
  /** The scenario that settles the guess, and its probe, from 1. */
  readonly scenario?: string;
  readonly probe?: number;
  /** Whether the message counts too. */
  readonly message?: boolean;
  readonly facts?: readonly string[];
  /** Consequences if AWS answers differently. */
  readonly otherwise: string;
}

export const GUESSES: readonly Guess[] = guesses;
