import { AssertionError } from 'chai';
import Mocha from 'mocha';
import type { Reporter, RunStart } from './reporter.ts';
import { isFine, ownTime, type ScenarioResult } from '../results/results.ts';
import { wrongProbes } from './wrong-probes.ts';

export const MOCHA_REPORTERS: readonly string[] = Object.keys(Mocha.reporters).filter(
  (name) => /^[a-z]/.test(name) && !['base', 'html'].includes(name),
);

const SLOW_MILLISECONDS = 30_000;

/** Shows the scenarios as a mocha run on standard output. Each `it` waits for a scenario that the harness runs. */
export function mochaReporter(name: string): Reporter {
  const tests = new Map<string, ScenarioTest>();
  let over: Promise<unknown> = Promise.resolve();
  return {
    runStarted: (run) => {
      const mocha = new Mocha({ timeout: 0, reporter: name, slow: SLOW_MILLISECONDS });
      for (const test of testsOf(mocha.suite, run)) tests.set(test.id, test);
      over = new Promise<void>((resolve) => {
        const runner = mocha.run(() => resolve()) as unknown as Record<'uncaught' | 'unhandled', () => void>;
        // The run reports errors outside of scenarios, which mocha would attribute to its current test.
        process.off('uncaughtException', runner.uncaught);
        process.off('unhandledRejection', runner.unhandled);
      });
    },
    scenarioOver: (result) => tests.get(result.id)?.end(result),
    runOver: async ({ run }) => {
      // Reports the error of the run only once.
      let { error } = run;
      for (const test of tests.values()) if (test.abandon(error)) error = null;
      await over;
    },
  };
}

function testsOf(root: Mocha.Suite, { scenarios }: RunStart): ScenarioTest[] {
  return [...new Set(scenarios.map(({ suite }) => suite))].flatMap((name) => {
    const suite = Mocha.Suite.create(root, name);
    return scenarios
      .filter((scenario) => scenario.suite === name)
      .map(({ id, title, file }) => {
        const test = new ScenarioTest(id);
        const shown = new Mocha.Test(`${id} ${title}`, test.body);
        shown.file = file;
        test.shownBy(shown);
        suite.addTest(shown);
        return test;
      });
  });
}

export class ScenarioTest {
  readonly id: string;
  readonly body: Mocha.AsyncFunc;
  #end: (result: ScenarioResult | Error | undefined) => void = () => undefined;
  #isOver = false;
  #milliseconds = 0;

  constructor(id: string) {
    this.id = id;
    const result = new Promise<ScenarioResult | Error | undefined>((resolve) => {
      this.#end = (value) => {
        this.#isOver = true;
        resolve(value);
      };
    });
    this.body = async function (this: Mocha.Context): Promise<void> {
      show(await result, this);
    };
  }

  shownBy(test: Mocha.Test): void {
    Object.defineProperty(test, 'duration', { get: () => this.#milliseconds, set: () => undefined });
  }

  end(result: ScenarioResult): void {
    this.#milliseconds = ownTime(result);
    this.#end(result);
  }

  /** Fails or skips the test if it has no result yet. Returns whether it did so. */
  abandon(reason: string | null): boolean {
    if (this.#isOver) return false;
    this.#end(reason === null ? undefined : new Error(reason));
    return true;
  }
}

/** Throws what mocha recognizes as a failed or skipped test. */
function show(result: ScenarioResult | Error | undefined, context: Mocha.Context): void {
  if (result instanceof Error) throw result;
  if (result === undefined || (isFine(result) && result.verdict !== 'passed')) context.skip();
  if (result.verdict === 'passed') return;
  const error = new AssertionError(`${result.verdict}: ${wrongProbes(result).join('\n')}`);
  // The stack does not lead to the scenario.
  error.stack = '';
  throw error;
}
