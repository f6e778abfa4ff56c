import type { ScenarioSpec } from '../scenario/spec.ts';

/** Which scenarios a run is about, and how many of them it must judge to say anything. */
export interface Profile {
  /** Goes up when it means another thing: other scenarios of before, or another bound. */
  readonly version: number;
  /** What is in it, in half a sentence. */
  readonly about: string;
  readonly includes: (profile: ScenarioSpec['profile']) => boolean;
  /** Share of its scenarios, 0 to 1, that must be judged, so neither skipped nor left open by an error. */
  readonly leastJudged: number;
}

/** Profiles by name, as `--profile` takes them (docs/command-line.md). */
export const PROFILES = {
  core: {
    version: 1,
    about: 'what every cluster and every client must do',
    includes: (profile) => profile === 'core',
    leastJudged: 0.95,
  },
  full: {
    version: 1,
    about: 'all scenarios but those that wait for minutes',
    includes: (profile) => profile !== 'soak',
    leastJudged: 0.75,
  },
  'pre-release': {
    version: 1,
    about: 'all scenarios, and nearly all must be judged',
    includes: () => true,
    leastJudged: 0.95,
  },
  soak: { version: 1, about: 'all scenarios', includes: () => true, leastJudged: 0.75 },
} as const satisfies Record<string, Profile>;

export type ProfileName = keyof typeof PROFILES;
