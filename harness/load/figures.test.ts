import { expect } from 'chai';
import type { LoadVerdict } from '../../foundation/protocols/load-protocol.ts';
import { figuresOf } from './figures.ts';
import type { EndedPod } from '../scenario/running-load.ts';

const verdict = (changes: Partial<LoadVerdict> = {}): LoadVerdict => ({
  pod: 'a',
  rounds: 1,
  granted: 3,
  wrong: 0,
  wrongs: [],
  errors: {},
  late: 0,
  answers: [10, 20],
  sessions: [],
  lastErrorAt: 0,
  recovered: true,
  ...changes,
});
const pod = (own: LoadVerdict | undefined): EndedPod => ({ name: 'a', namespace: 'n', verdict: own, end: 'Failed' });

describe('figures of a load test', () => {
  it("add up the pods' results, and count pods without a verdict", () => {
    const facts = figuresOf(
      [
        pod(verdict({ credentials: 100, object: 400 })),
        pod(verdict({ wrong: 2, errors: { 'agent 500': 1, 'agent 429': 2 }, late: 1, recovered: false })),
        pod(undefined),
      ],
      4,
      undefined,
    );
    expect(facts).to.include({ pods: 4, lost: 2, wrongIdentities: 2, answers: 6, errors: 2, late: 1, notRecovered: 1 });
    expect(facts).to.include({ 'errors.agent 429': 2, 'errors.agent 500': 1 });
    expect(facts).to.include({ credentialsP50: 100, 'credentialsP99.9': 100, objectMax: 400, answerMax: 20 });
    expect(facts).not.to.have.property('recoverySeconds');
  });

  it('have percentiles with three significant digits', () => {
    const answers = Array.from({ length: 1000 }, (_, index) => index + 1);
    const facts = figuresOf([pod(verdict({ answers }))], 1, undefined);
    expect(facts['answerP50']).to.be.within(499, 501);
    expect(facts['answerP99']).to.be.within(989, 991);
    expect(facts['answerP99.9']).to.be.within(998, 1000);
  });

  it('have the time from a disturbance to the last error', () => {
    const pods = [pod(verdict({ lastErrorAt: 12_340 })), pod(verdict({ lastErrorAt: 9000 }))];
    expect(figuresOf(pods, 2, 10_000)).to.include({ recoverySeconds: 2.3 });
    expect(figuresOf(pods, 2, 20_000)).to.include({ recoverySeconds: 0 });
  });

  it('have the rates of a flood', () => {
    const statuses = { 200: 2000, 429: 5000 };
    const facts = figuresOf([pod(verdict({ statuses, milliseconds: 2000 }))], 1, undefined);
    expect(facts).to.include({
      'answers.200': 2000,
      'answers.429': 5000,
      grantedPerSecond: 1000,
      refusedPerSecond: 2500,
    });
  });
});
