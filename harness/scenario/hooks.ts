/** What `this` is in a hook: mocha's context. */
export interface HookContext {
  /** Milliseconds that the hook may take; 0: any time. Default: that of `--timeout`. */
  timeout(milliseconds: number): unknown;
  /** Skips the scenario, or in `before` all scenarios of the suite. */
  skip(): never;
}

/** A hook as mocha has them: it may return a promise, or call `done`. */
export type Hook = (this: HookContext, done: (error?: unknown) => void) => unknown;

/** Hooks of a suite, each kind in the order in which it was declared. */
export interface SuiteHooks {
  /** Run once, before anything of the suite's first scenario is arranged. */
  readonly before: Hook[];
  /** Run once, when all scenarios of the suite are over. */
  readonly after: Hook[];
  /** Run around each attempt at a scenario: scenarios run side by side, so these may too. */
  readonly beforeEach: Hook[];
  readonly afterEach: Hook[];
}
export type HookName = keyof SuiteHooks;

export const noHooks = (): SuiteHooks => ({ before: [], after: [], beforeEach: [], afterEach: [] });

export const copyOf = ({ before, after, beforeEach, afterEach }: SuiteHooks): SuiteHooks => ({
  before: [...before],
  after: [...after],
  beforeEach: [...beforeEach],
  afterEach: [...afterEach],
});

export const hasHooks = (hooks: SuiteHooks): boolean =>
  Object.values(hooks).some((kind: readonly Hook[]) => kind.length > 0);
