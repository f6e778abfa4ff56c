import { readFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import { expect } from 'chai';
import { actions, PATH } from './actions.ts';

describe('the table of actions', () => {
  it('equals the Service Authorization Reference (npm run actions updates it)', async () => {
    expect(JSON.parse(readFileSync(PATH, 'utf8'))).to.deep.equal(await actions());
  });

  it('adds at most 300 kB to the package', () => {
    expect(gzipSync(readFileSync(PATH)).length).to.be.lessThan(300_000);
  });
});
