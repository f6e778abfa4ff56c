export interface HookContext {
  /** Timeout of the hook in milliseconds; 0: none. Default: that of `--timeout`. */
  timeout(milliseconds: number): unknown;
  /** Skips the scenario, or in `before` all scenarios of the suite. */
  skip(): never;
}

/** A Mocha hook: it may return a promise, or call `done`. */
export type Hook = (this: HookContext, done: (error?: unknown) => void) => unknown;

/** Hooks of a suite, in the order of declaration. */
export interface SuiteHooks {
  /** Run once, before the suite's first scenario is arranged. */
  readonly before: Hook[];
  /** Run once, after all scenarios of the suite. */
  readonly after: Hook[];
  /** Run around each attempt at a scenario; concurrently, like scenarios. */
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
