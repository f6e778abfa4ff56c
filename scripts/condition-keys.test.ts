import { readFileSync } from 'node:fs';
import { expect } from 'chai';
import { conditionKeys, PATH } from './condition-keys.ts';

describe('condition keys of actions', () => {
  it('equal the Service Authorization Reference (npm run condition-keys updates them)', async () => {
    expect(JSON.parse(readFileSync(PATH, 'utf8'))).to.deep.equal(await conditionKeys());
  });
});
