import { expect } from 'chai';
import type { JournalEntry } from '../../foundation/node/journal.ts';
import { configure } from '../config/configuration.ts';
import { EXIT } from '../../foundation/node/errors.ts';
import { leftBehind, sweepCommand } from './leftovers.ts';

const account: JournalEntry = { kind: 'aws', accountId: '111122223333', region: 'us-west-2', endpoints: {} };

describe('what a run leaves', () => {
  const left = (count: number) => Array.from({ length: count }, (_, n) => ({ name: `role r${n}`, reason: 'held' }));

  it('is no error where there is nothing', () => expect(leftBehind([], undefined)).to.equal(undefined));

  it('is named with the reason and what to do', () => {
    const error = leftBehind(left(1), 'npm run sweep -- --run c1');
    expect(error?.message).to.equal(
      'The run could not remove role r0 (held): `npm run sweep -- --run c1` tries again.',
    );
    expect(error?.exitCode).to.equal(EXIT.environment);
    expect(leftBehind(left(1), undefined)?.message).to.contain('remove it by hand');
  });

  it('is counted where it is much', () => expect(leftBehind(left(7), 'x')?.message).to.contain('r4 (held) and 2 more'));

  it('is swept where it is', () => {
    const path: JournalEntry = { kind: 'path', path: '/x' };
    const args = ['--cluster', 'eks', '--aws-endpoint', 'iam=http://127.0.0.1:1,s3=http://127.0.0.1:2'];
    expect(sweepCommand([path], 'c1', 'reports/c1')).to.equal('npm run sweep -- --run c1 --report-dir reports/c1');
    for (const left of [[account], [path, account]])
      expect(sweepCommand(left, 'c1', 'reports/c1', configure([...args, '--region', 'eu-west-1'], {}))).to.equal(
        'npm run sweep -- --cluster eks --run c1 --report-dir reports/c1 --region eu-west-1 --aws-endpoint iam=http://127.0.0.1:1,s3=http://127.0.0.1:2',
      );
  });
});
