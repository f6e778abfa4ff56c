import guesses from './guesses.json' with { type: 'json' };

/** A behaviour of the emulator that AWS does not document, and the scenario that verifies it. */
export interface Guess {
  /** Never reused. */
  readonly id: string;
  /** The emulator's setting, or the beginning of its paragraph in docs/emulator.md. */
  readonly decision?: string;
  readonly guess: string;
  /** Manual steps, if no scenario settles it. */
  readonly byHand?: string;
  /** The scenario that settles it, and its probe, from 1. */
  readonly scenario?: string;
  readonly probe?: number;
  /** Whether the message counts too. */
  readonly message?: boolean;
  readonly facts?: readonly string[];
  /** Consequences of another answer of AWS. */
  readonly otherwise: string;
}

export const GUESSES: readonly Guess[] = guesses;
