import { expect } from 'chai';
import { changesOf } from './operators/index.ts';
import type { JudgedChange } from './judge.ts';
import { looseningOf, loosenText } from './text.ts';

describe('loosenText', () => {
  it('prints at most 100 lines for 40 policies and 30 scenarios, and counts all changes', () => {
    const judged = Array.from({ length: 40 }, (_, policy) => {
      const document = {
        Version: '2012-10-17',
        Statement: ['a', 'b', 'c'].map((team) => ({
          ...{
            Effect: 'Allow',
            Action: ['s3:GetObject', 's3:PutObject'],
            Resource: `arn:aws:s3:::data-${policy}/${team}/*`,
          },
          Condition: { StringEquals: { 'aws:PrincipalTag/team': team, 'aws:SourceVpc': ['vpc-1', 'vpc-2'] } },
        })),
      };
      const id = `LED-${policy % 30}`;
      const scenario = { id, file: 'suites/ledger.ts', spec: { probes: [] } };
      const source = { kind: 'identity', file: `policies/${policy}.json`, isFile: true, document, uses: [] };
      const code = [`mayNot('app', 's3:GetObject', 'data-${policy}/x')`, 'a', 'b', 'c', 'd'];
      const probe = { addition: {}, code: { probes: code }, imports: ['mayNot'] };
      return changesOf(document, 'identity').map((change, index) => ({
        ...{ id: `${policy}-${index}`, source, change, by: 'replay' },
        ...(index % 4 === 0
          ? { state: 'undecided', reason: `a limit of ${change.operator}` }
          : {
              state: 'survived',
              sentence: 'pods of every service account may read it',
              proposal: { scenario, probe },
            }),
      }));
    }).flat() as unknown as readonly JudgedChange[];
    const text = loosenText(judged);
    expect(judged).to.have.length.above(1_000);
    expect(text.split('\n')).to.have.length.within(20, 100);
    expect(text).to.include(`of ${judged.length} changes`);
    expect(looseningOf(judged).changes).to.have.length(judged.length);
  });
});
