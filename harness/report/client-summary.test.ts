import { expect } from 'chai';
import { aResult } from '../../test/support/scenarios.ts';
import { clientBlocks } from './client-summary.ts';
import type { ScenarioResult, Verdict } from '../results/results.ts';

const plain = (text: string): string => text;
const red = { name: 'red', version: '1.0' };
const long = { name: 'own', version: 'python3 a-program-with-a-long-name.py --and options' };
const result = (id: string, verdict: Verdict, client?: ScenarioResult['client'], suite = 'abac'): ScenarioResult =>
  aResult({ id, suite, title: `title of ${id.split('.')[0]}`, verdict, ...(client && { client }) });

describe('the table of clients in the terminal', () => {
  it('counts verdicts of each client, and shows scenarios in which they differ', () => {
    const blocks = clientBlocks(
      [
        ...[result('AB-01.red', 'passed', red), result('AB-01.own', 'failed', long)],
        ...[result('AB-02.red', 'passed', red), result('AB-02.own', 'skipped', long)],
        ...[result('AB-03.red', 'error', red), result('AB-03.own', 'inconclusive', long)],
        ...[result('AB-04.red', 'failed', red), result('AB-04.own', 'failed', long), result('AB-05', 'failed')],
      ],
      plain,
    );
    expect(blocks.join('\n')).to.equal(
      [
        '\nClients (2 of 4 scenarios differ between clients)',
        '                                         passed  failed  not judged  skipped',
        '  A  red 1.0                                  2       1           1        0',
        '  B  own python3 a-program-with-a-lo...       0       2           1        1',
        '',
        '  AB  . passed, X failed, ? inconclusive, ! error, - skipped',
        '  .X  AB-01 title of AB-01',
        '  !?  AB-03 title of AB-03',
      ].join('\n'),
    );
    for (const line of blocks) expect(line.length).to.be.at.most(80);
  });

  it('shows failures of a single client only for suite client', () => {
    const blocksOf = (suite: string): string =>
      clientBlocks(
        [
          ...[result('CL-01', 'passed', red, suite), result('CL-02', 'failed', red, suite)],
          result('CL-03', 'skipped', red, suite),
        ],
        plain,
      ).join('\n');
    expect(blocksOf('abac')).to.equal('');
    expect(blocksOf('client'))
      .to.contain('(1 of 3 scenarios not as expected)')
      .and.to.match(/ {2}X {2}CL-02 title of CL-02$/);
    expect(clientBlocks([result('CL-01', 'passed', red, 'client')], plain)).to.have.length(3);
    expect(clientBlocks([result('CL-01', 'passed', undefined, 'client')], plain)).to.deep.equal([]);
  });
});
