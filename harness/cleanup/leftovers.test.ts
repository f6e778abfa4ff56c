import { expect } from 'chai';
import type { JournalEntry } from '../../foundation/node/journal.ts';
import { configure } from '../config/configuration.ts';
import { EXIT } from '../../foundation/node/errors.ts';
import { leftBehind, sweepCommand } from './leftovers.ts';

const account: JournalEntry = { kind: 'aws', accountId: '111122223333', region: 'us-west-2', endpoints: {} };

describe('the error about leftovers', () => {
  const left = (count: number) => Array.from({ length: count }, (_, n) => ({ name: `role r${n}`, reason: 'held' }));

  it('is undefined without leftovers', () => expect(leftBehind([], undefined)).to.equal(undefined));

  it('names each leftover with the reason, and what to do', () => {
    const error = leftBehind(left(1), 'npm run sweep -- --run c1');
    expect(error?.message).to.equal('The run could not remove role r0 (held): retry with `npm run sweep -- --run c1`.');
    expect(error?.exitCode).to.equal(EXIT.environment);
    expect(leftBehind(left(1), undefined)?.message).to.contain('remove it by hand');
  });

  it('counts leftovers after the first five', () =>
    expect(leftBehind(left(7), 'x')?.message).to.contain('r4 (held) and 2 more'));

  it('suggests a sweep of AWS, with its flags, if leftovers are there', () => {
    const path: JournalEntry = { kind: 'path', path: '/x' };
    const args = ['--cluster', 'eks', '--aws-endpoint', 'iam=http://127.0.0.1:1,s3=http://127.0.0.1:2'];
    expect(sweepCommand([path], 'c1', 'reports/c1')).to.equal('npm run sweep -- --run c1 --report-dir reports/c1');
    for (const left of [[account], [path, account]])
      expect(sweepCommand(left, 'c1', 'reports/c1', configure([...args, '--region', 'eu-west-1'], {}))).to.equal(
        'npm run sweep -- --cluster eks --run c1 --report-dir reports/c1 --region eu-west-1 --aws-endpoint iam=http://127.0.0.1:1,s3=http://127.0.0.1:2',
      );
  });
});
