import { expect } from 'chai';
import { CLIENTS } from '../../components/clients/registry.ts';
import { ownScenarios } from '../../test/support/own-suites.ts';

describe('the clients of the project', () => {
  it('have differences only for existing probes with another expectation', async () => {
    const scenarios = await ownScenarios();
    for (const { name, differences = [] } of CLIENTS)
      for (const { scenario: id, probe: number, expected } of differences) {
        const probes = scenarios.find((one) => one.id === id)?.spec.probes.filter((step) => step.kind === 'probe');
        const expectation = probes?.[number - 1]?.expectation;
        expect(expectation, `${name}: ${id}, probe ${number}`).to.be.an('object');
        expect(expectation, `${name}: ${id}, probe ${number}`).not.to.deep.equal(expected);
      }
  });
});
