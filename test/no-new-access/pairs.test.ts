import { expect } from 'chai';
import { compareAccess } from '../../identity/new-access/compare.ts';
import { sideOf, type AccessSide } from '../../identity/new-access/files.ts';
import { PAIRS, type Pair } from './pairs.ts';
import { ACCOUNT, folder, template, terraformPlan, terraformState } from './worlds.ts';

const GIVEN = { accountId: ACCOUNT, region: 'us-west-2' };
const json = (content: object) => [{ path: 'a.json', text: JSON.stringify(content, undefined, 1) }];

/** Reads a pair as the command reads its files. */
export function sidesOf({ form, before, after }: Pair): readonly [AccessSide, AccessSide] {
  if (form === 'plan') {
    const files = json(terraformPlan(before, after));
    return [sideOf(files, GIVEN, 'before'), sideOf(files, GIVEN)];
  }
  const [was, is] = [before, after].map((world) =>
    form === 'state'
      ? json(terraformState(world))
      : form === 'template'
        ? json(template(world))
        : Object.entries(folder(world)).map(([path, text]) => ({ path, text })),
  );
  return [sideOf(was!, GIVEN), sideOf(is!, GIVEN)];
}

describe('new access of 60 pairs of deployments', () => {
  for (const pair of PAIRS)
    it(`${pair.widens ? 'is there' : 'is not there'}: ${pair.name}`, () => {
      const { changes, undecided } = compareAccess(...sidesOf(pair));
      const shown = JSON.stringify({ changes: changes.map(({ found: _found, ...one }) => one), undecided });
      expect(undecided, shown).to.deep.equal([]);
      expect(
        changes.some(({ newly }) => newly === 'allowed'),
        shown,
      ).to.equal(pair.widens);
    });
});
