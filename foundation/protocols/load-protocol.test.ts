import { expect } from 'chai';
import { LONGEST_VERDICT, readVerdict, verdictText, type LoadVerdict } from './load-protocol.ts';

const VERDICT: LoadVerdict = {
  pod: 'a',
  rounds: 1,
  granted: 3,
  wrong: 0,
  wrongs: [],
  errors: { 'agent 500': 2 },
  late: 0,
  answers: [10, 20],
  sessions: ['eks-a-b-c'],
  lastErrorAt: 0,
  recovered: true,
};

describe('a verdict in a termination message', () => {
  it('survives a round trip', () => expect(readVerdict(verdictText(VERDICT))).to.deep.equal(VERDICT));

  it('fits the size limit and keeps its counts', () => {
    const text = verdictText({
      ...VERDICT,
      answers: Array.from({ length: 2000 }, () => 12_345),
      sessions: Array.from({ length: 100 }, (_, index) => `eks-cluster-pod-${'0'.repeat(36)}${index}`),
      wrongs: Array.from({ length: 9 }, () => 'x'.repeat(2000)),
    });
    expect(Buffer.byteLength(text)).to.be.at.most(LONGEST_VERDICT);
    expect(readVerdict(text)).to.include({ granted: 3, rounds: 1 });
  });

  for (const message of [undefined, '', 'null', '{"granted":1', '{"answers":[]}', 'panic: out of memory'])
    it(`is undefined for ${JSON.stringify(message)}`, () => expect(readVerdict(message)).to.equal(undefined));
});
