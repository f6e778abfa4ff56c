import { AssertionError, expect, use } from 'chai';
import Mocha from 'mocha';
import type { ScenarioResult } from '../report/results.ts';
import type { Scenario } from '../scenario/spec.ts';

declare global {
  // eslint-disable-next-line @typescript-eslint/no-namespace
  namespace Chai {
    interface Assertion {
      /** The scenario's probes all met what was expected. */
      conform(): Assertion;
    }
  }
}

use((chai) => {
  chai.Assertion.addMethod('conform', function (this: Chai.AssertionStatic) {
    const { id, verdict, reason } = (this as unknown as { _obj: ScenarioResult })._obj;
    (
      this as unknown as Chai.AssertionStatic & { assert(truth: boolean, message: string, negated: string): void }
    ).assert(verdict === 'passed', `${id} ${verdict}: ${reason}`, `${id} was not to conform`);
  });
});

/**
 * Shows the scenarios as a mocha run, an `it` each, in the order of the plan. Each waits for its own outcome: the schedule
 * runs ahead of it. `onResult` is called as mocha gets to each. Throws what was thrown outside of every scenario, such as
 * in a timer of a suite file: mocha would ascribe it to the scenario that it happens to be at.
 */
export async function showWithMocha(
  scenarios: readonly Scenario[],
  outcome: (scenario: Scenario) => Promise<ScenarioResult>,
  onResult: (result: ScenarioResult) => void,
): Promise<void> {
  const mocha = new Mocha({ timeout: 0, reporter: Silent });
  for (const name of new Set(scenarios.map((scenario) => scenario.suite))) {
    const suite = Mocha.Suite.create(mocha.suite, name);
    for (const scenario of scenarios.filter((candidate) => candidate.suite === name)) {
      suite.addTest(
        new Mocha.Test(`${scenario.id} ${scenario.title}`, async function (this: Mocha.Context) {
          const result = await outcome(scenario);
          onResult(result);
          if (result.verdict === 'skipped') this.skip();
          expect(result).to.conform();
        }),
      );
    }
  }
  const strays: unknown[] = [];
  await new Promise<void>((resolve) => {
    const runner = mocha.run(() => resolve());
    runner.on('fail', (_test, error) => {
      if (!(error instanceof AssertionError)) strays.push(error);
    });
  });
  if (strays.length > 0)
    throw new Error(`Something failed outside of every scenario: ${describe(strays[0])}`, { cause: strays[0] });
}

const describe = (error: unknown): string => (error instanceof Error ? error.message : String(error));

/** The harness prints; mocha only runs. */
class Silent extends Mocha.reporters.Base {}
