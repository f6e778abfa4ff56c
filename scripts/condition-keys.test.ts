import { readFileSync } from 'node:fs';
import { expect } from 'chai';
import { conditionKeys, PATH } from './condition-keys.ts';

describe('the condition keys of actions', () => {
  it('are those of the Service Authorization Reference: npm run condition-keys writes them', async () => {
    expect(JSON.parse(readFileSync(PATH, 'utf8'))).to.deep.equal(await conditionKeys());
  });
});
