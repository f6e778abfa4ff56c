import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { temporaryFolder } from '../../test/support/run-cli.ts';
import { policyFile } from './policy-file.ts';

describe('policyFile', () => {
  const file = join(temporaryFolder(), 'policy.json');
  const cluster = 'arn:aws:eks:us-west-2:111122223333:cluster/production';
  before(() =>
    writeFileSync(file, JSON.stringify({ Version: '2012-10-17', Statement: [], Id: `${cluster} 111122223333` })),
  );

  for (const keys of [
    ['111122223333', cluster],
    [cluster, '111122223333'],
  ])
    it(`replaces the longest key first in any order: ${keys[0]}`, () => {
      const replace = Object.fromEntries(
        keys.map((key) => [key, key === cluster ? '<cluster-arn:c1>' : '<account:main>']),
      );
      expect(policyFile(file, { replace }).document['Id']).to.equal('<cluster-arn:c1> <account:main>');
    });

  it('replaces no text twice', () => {
    const replace = { production: '111122223333', '111122223333': 'x' };
    expect(policyFile(file, { replace }).document['Id']).to.equal('arn:aws:eks:us-west-2:x:cluster/111122223333 x');
  });

  it('rejects a key that matches nothing', () =>
    expect(() => policyFile(file, { replace: { 'cluster/prodution': '<cluster:c1>' } })).to.throw(
      `Policy file ${file} does not contain "cluster/prodution", which "replace" names.`,
    ));
});
