import { hasHooks } from '../scenario/hooks.ts';
import type { Suites } from '../scenario-files/read-suites.ts';
import type { Scenario } from '../scenario/spec.ts';

export class Changes {
  /** The scenarios' declarations at their last run, by id. */
  readonly #ran = new Map<string, string>();
  #edits = 0;

  /** Records a change of a suite file, which may change hooks. */
  edited(): void {
    this.#edits += 1;
  }

  run(scenarios: readonly Scenario[], loaded: Suites): void {
    for (const scenario of scenarios) this.#ran.set(scenario.id, this.#declared(scenario, loaded));
  }

  /** Returns scenarios whose declaration or policies have changed since their last run, and new ones. */
  since(loaded: Suites): readonly Scenario[] {
    return loaded.scenarios.filter((scenario) => this.#ran.get(scenario.id) !== this.#declared(scenario, loaded));
  }

  #declared({ suite, title, spec }: Scenario, { hooks }: Suites): string {
    const hook = hooks.get(suite);
    return JSON.stringify({ suite, title, spec, edits: hook !== undefined && hasHooks(hook) ? this.#edits : 0 });
  }
}
