import { expect } from 'chai';
import { CHECKS } from '../../doctor/checks/index.ts';
import { Scene, startSite, type Site } from './site.ts';
import { WORLDS } from './worlds.ts';

/** Checks without a world, by the reason. */
const WITHOUT_WORLD: Readonly<Record<string, string>> = {};

describe('the checks of doctor on embedded clusters', () => {
  let site: Site;
  let scene: Scene | undefined;
  before(async () => {
    site = await startSite();
  });
  afterEach(async () => {
    const open = scene;
    scene = undefined;
    await open?.close();
  });
  after(() => site?.close());

  it('find nothing on a healthy cluster', async () => {
    scene = await Scene.open(site, 'healthy');
    await scene.podIdentity();
    expect(await site.findings()).to.deep.equal([]);
  });

  for (const [index, { check, title, make }] of WORLDS.entries())
    it(`${check}: find ${title}, and nothing after its repair`, async () => {
      scene = await Scene.open(site, `${check.toLowerCase()}-${index}`);
      const { findings, repair } = await make(scene);
      const expected = findings.map((one) => (one.startsWith('PID') ? one : `${check} ${one}`)).sort();
      expect(await site.findings()).to.deep.equal(expected);
      await repair();
      expect(await site.findings()).to.deep.equal([]);
    });

  it('each have a world or a reason why not', () => {
    const worlds = new Set<string>(WORLDS.map(({ check }) => check));
    const ids = CHECKS.map(({ id }) => id);
    expect(ids.filter((id) => !worlds.has(id))).to.deep.equal(Object.keys(WITHOUT_WORLD));
    expect([...worlds].filter((id) => !ids.includes(id as `PID${number}`))).to.deep.equal([]);
  });
});
