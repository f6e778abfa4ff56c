import { expect } from 'chai';
import { CHECKS } from './index.ts';
import { checksPage } from './page.ts';

describe('checksPage', () => {
  it('describes every check once', () => {
    const headings = checksPage(CHECKS).match(/^### .*$/gm);
    expect(headings).to.have.members(CHECKS.map(({ id, title }) => `### ${id} ${title}`));
  });
});
