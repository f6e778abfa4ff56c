import type { ScenarioSpec } from './spec.ts';

/** A selection of scenarios, and the share that a run must judge. */
export interface Profile {
  /** Raised when the selection or the bound changes. */
  readonly version: number;
  readonly about: string;
  readonly includes: (profile: ScenarioSpec['profile']) => boolean;
  /** Minimum share of its scenarios, 0 to 1, that must be judged: neither skipped nor ended by an error. */
  readonly leastJudged: number;
}

/** Profiles by name, as `--profile` takes them (docs/command-line.md). */
export const PROFILES = {
  core: {
    version: 2,
    about: 'requirements of every cluster and every client',
    includes: (profile) => profile === 'core',
    leastJudged: 0.95,
  },
  full: {
    version: 2,
    about: 'all scenarios except load and those that wait for minutes',
    includes: (profile) => profile !== 'soak' && profile !== 'load',
    leastJudged: 0.7,
  },
  'pre-release': {
    version: 2,
    about: 'all scenarios except load; nearly all must be judged',
    includes: (profile) => profile !== 'load',
    leastJudged: 0.95,
  },
  soak: {
    version: 2,
    about: 'all scenarios except load',
    includes: (profile) => profile !== 'load',
    leastJudged: 0.75,
  },
  load: {
    version: 2,
    about: 'many pods at once (--load-pods)',
    includes: (profile) => profile === 'load',
    leastJudged: 0.75,
  },
} as const satisfies Record<string, Profile>;

export type ProfileName = keyof typeof PROFILES;
