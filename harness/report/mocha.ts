import { AssertionError } from 'chai';
import type Mocha from 'mocha';
import { isFine, ownTime, type ScenarioResult } from '../results/results.ts';
import { wrongProbes } from './wrong-probes.ts';

/** A mocha test whose scenario the harness runs. */
export class ScenarioTest {
  readonly body: Mocha.AsyncFunc;
  #end: (result: ScenarioResult | Error | undefined) => void = () => undefined;
  #milliseconds = 0;

  constructor() {
    const result = new Promise<ScenarioResult | Error | undefined>((resolve) => {
      this.#end = resolve;
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

  /** Fails or skips the test if it has no result yet. */
  abandon(reason: string | null): void {
    this.#end(reason === null ? undefined : new Error(reason));
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
