import { createHistogram } from 'node:perf_hooks';
import { expect } from 'chai';
import { findings, letThrough, type Observed } from './findings.ts';
import type { LoadResult } from './load.ts';

const result = (statuses: Record<number, number>, more: Partial<LoadResult> = {}): LoadResult => ({
  requests: Object.values(statuses).reduce((sum, count) => sum + count, 0),
  seconds: 4,
  statuses: new Map(Object.entries(statuses).map(([status, count]) => [Number(status), count])),
  wrongIdentities: 0,
  latencies: createHistogram(),
  errors: [],
  ...more,
});

const sound: Observed = {
  cold: result({ 200: 4000 }),
  warm: result({ 200: 20_000 }),
  calls: new Map([
    [0, 1],
    [1, 3],
  ]),
  heapPerRequest: 20,
  limited: result({ 200: 4500, 429: 7500 }),
  after: result({ 200: 50 }),
};

describe('findings under load', () => {
  it('lets through 500 at once and 1,000 a second', () => {
    expect(letThrough({ seconds: 4 })).to.equal(4500);
  });

  it('finds nothing where nothing is wrong, however late it was', () => {
    expect(findings(sound)).to.eql([]);
    expect(findings({ ...sound, limited: result({ 200: 900, 429: 9000 }) })).to.eql([]);
  });

  const defects: [title: string, change: Partial<Observed>, sentence: RegExp][] = [
    ['an answer of another pod', { warm: result({ 200: 9 }, { wrongIdentities: 1 }) }, /^1 answers had credentials of/],
    ['calls without single flight', { calls: new Map([[0, 300]]) }, /called 300 times for each of 1 pods/],
    ['a heap that grows', { heapPerRequest: 4000 }, /grew by 4000 bytes with each/],
    ['no limiter', { limited: result({ 200: 12_000 }) }, /12000 requests pass where 4500 are documented/],
    ['a limit that stays', { after: result({ 200: 10, 429: 40 }) }, /40 of 50 requests met 429 after/],
  ];
  for (const [title, change, sentence] of defects)
    it(`finds ${title}`, () => {
      const found = findings({ ...sound, ...change });
      expect(found).to.have.length(1);
      expect(found[0]).to.match(sentence);
    });
});
