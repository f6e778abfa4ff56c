import { expect } from 'chai';
import { ownScenarios } from '../../test/support/own-suites.ts';
import { agrees, predictionsOf } from './prediction.ts';
import type { ProbeStep } from '../scenario/spec.ts';

describe('predictions of the policies of a scenario', () => {
  it("agree with every expectation of the project's own suites, which runs confirm", async () => {
    const scenarios = await ownScenarios();
    const wrong: string[] = [];
    let decided = 0;
    for (const scenario of scenarios) {
      for (const [step, answer] of predictionsOf(scenario)) {
        decided += 1;
        if (!agrees(step as ProbeStep, answer))
          wrong.push(
            `${scenario.id} ${JSON.stringify((step as ProbeStep).operation)} ${JSON.stringify((step as ProbeStep).expectation)} ${JSON.stringify(answer.refusal)}`,
          );
      }
    }
    expect(wrong).to.deep.equal([]);
    expect(decided).to.be.above(100);
  });
});
