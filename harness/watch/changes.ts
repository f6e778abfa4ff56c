import { hasHooks } from '../scenario/hooks.ts';
import type { Loaded } from '../scenario-files/read-suites.ts';
import type { Scenario } from '../scenario/spec.ts';

/** Which scenarios have changed since they were run. */
export class Changes {
  /** What scenarios declared when they were run last, by id. */
  readonly #ran = new Map<string, string>();
  /** How often a file that suites consist of was written. */
  #edits = 0;

  /** A file that suites consist of was written: of what hooks do, only that tells. */
  edited(): void {
    this.#edits += 1;
  }

  /** These are run as they are. */
  run(scenarios: readonly Scenario[], loaded: Loaded): void {
    for (const scenario of scenarios) this.#ran.set(scenario.id, this.#declared(scenario, loaded));
  }

  /** Those that declare something else than when they were run, policies that they read included, or never were run. */
  since(loaded: Loaded): readonly Scenario[] {
    return loaded.scenarios.filter((scenario) => this.#ran.get(scenario.id) !== this.#declared(scenario, loaded));
  }

  #declared({ suite, title, spec }: Scenario, { hooks }: Loaded): string {
    const own = hooks.get(suite);
    return JSON.stringify({ suite, title, spec, edits: own !== undefined && hasHooks(own) ? this.#edits : 0 });
  }
}
