import { readFileSync } from 'node:fs';
import { expect } from 'chai';
import { doctorChecksPage, PAGE } from '../../scripts/doctor-checks.ts';
import { CHECKS } from './index.ts';

describe('the page of checks of doctor', () => {
  it('describes all checks (npm run doctor:checks updates it)', async () => {
    const page = readFileSync(PAGE, 'utf8');
    expect(page).to.equal(await doctorChecksPage());
    for (const { id, title } of CHECKS) expect(page).to.include(`### ${id} ${title}\n`);
  });
});
