import { HarnessError } from '../../foundation/node/errors.ts';
import { noHooks, type Hook, type HookName, type SuiteHooks } from '../scenario/hooks.ts';
import type { Scenario } from '../scenario/spec.ts';
import { reasonOf } from './scenario-result.ts';

/** The hooks of a suite around one of its scenarios. Each throws `HarnessError` HOOK_FAILED. */
export type ScenarioHooks = ReturnType<SuiteRuns['around']>;

export class SuiteRuns {
  readonly #suites = new Map<string, { readonly hooks: SuiteHooks; left: number; begun?: Promise<boolean> }>();
  readonly #timeoutMilliseconds: number;

  constructor(scenarios: readonly Scenario[], hooks: ReadonlyMap<string, SuiteHooks>, timeoutMilliseconds: number) {
    this.#timeoutMilliseconds = timeoutMilliseconds;
    for (const { suite } of scenarios) {
      const runningSuite = this.#suites.get(suite);
      if (runningSuite === undefined) this.#suites.set(suite, { hooks: hooks.get(suite) ?? noHooks(), left: 1 });
      else runningSuite.left += 1;
    }
  }

  around({ suite: name }: Scenario) {
    const suite = this.#suites.get(name)!;
    const run = (hook: HookName): Promise<boolean> => this.#run(name, hook, suite.hooks[hook]);
    return {
      /** Runs the suite's `before` hooks once. Returns whether they skip the suite. */
      before: (): Promise<boolean> => (suite.begun ??= run('before')),
      /** Returns whether they skip the scenario. */
      beforeEach: (): Promise<boolean> => run('beforeEach'),
      afterEach: async (): Promise<void> => void (await run('afterEach')),
      /** Runs the suite's `after` hooks after its last scenario. */
      after: async (): Promise<void> => {
        suite.left -= 1;
        if (suite.left === 0 && suite.begun !== undefined) await run('after');
      },
    };
  }

  /** Runs hooks in sequence. Returns whether one of them skips. */
  async #run(suite: string, name: HookName, hooks: readonly Hook[]): Promise<boolean> {
    if (hooks.length === 0) return false;
    const { default: Mocha } = await import('mocha');
    for (const hook of hooks) {
      const runnable = new Mocha.Hook(`"${name}" of suite ${suite}`, hook as Mocha.Func);
      runnable.ctx = new Mocha.Context();
      runnable.timeout(this.#timeoutMilliseconds);
      const error = await new Promise<unknown>((resolve) => runnable.run(resolve));
      if (error !== undefined)
        throw new HarnessError('HOOK_FAILED', `The hook ${runnable.title} failed: ${reasonOf(error)}`, {
          cause: error,
        });
      if (runnable.isPending()) return true;
    }
    return false;
  }
}
