import { expect } from 'chai';
import { CHECK_SECTIONS, CHECKS } from './index.ts';
import { checksPage } from './page.ts';

describe('checksPage', () => {
  it('describes every check once', () => {
    const headings = checksPage(CHECK_SECTIONS).match(/^### .*$/gm);
    expect(headings).to.have.members(CHECKS.map(({ id, title }) => `### ${id} ${title}`));
  });
});
