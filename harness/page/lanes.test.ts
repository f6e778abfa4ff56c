import { expect } from 'chai';
import { aResult } from '../../test/support/scenarios.ts';
import { lanesOf } from './lanes.ts';

const between = (id: string, startedAt: number, end: number) =>
  aResult({ id, timeline: [{ phase: 'probing', attempt: 1, startedAt, milliseconds: end - startedAt }] });

describe('the lanes of a timeline', () => {
  it('are as many as concurrent scenarios', () => {
    const lanes = lanesOf([
      between('AB-04', 30, 40),
      between('AB-01', 0, 20),
      between('AB-02', 5, 30),
      between('AB-03', 20, 25),
    ]);
    expect(lanes.map((lane) => lane.map(({ id }) => id))).to.deep.equal([['AB-01', 'AB-03', 'AB-04'], ['AB-02']]);
  });

  it('omit scenarios that never started', () => expect(lanesOf([aResult()])).to.deep.equal([]));
});
