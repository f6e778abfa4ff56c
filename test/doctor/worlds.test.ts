import { expect } from 'chai';
import { CHECKS } from '../../doctor/checks/index.ts';
import { Scene, startSite, type Site } from './site.ts';
import { WORLDS, type World } from './worlds.ts';

/** Checks without a world, with the reason. */
const WITHOUT_WORLD: Readonly<Record<string, string>> = {};

/** Clusters in use at once, because the collector waits for its rate limits. */
const LANES = 4;

interface Outcome {
  readonly expected: readonly string[];
  readonly broken: readonly string[];
  readonly repaired: readonly string[];
}

async function outcomeOf(site: Site, { make, check }: World, namespace: string): Promise<Outcome> {
  const scene = await Scene.open(site, namespace);
  try {
    const { findings, repair } = await make(scene);
    const broken = await site.findings();
    await repair();
    return { expected: findings.map((one) => `${check} ${one}`).sort(), broken, repaired: await site.findings() };
  } finally {
    await scene.close();
  }
}

async function healthy(site: Site): Promise<readonly string[]> {
  const scene = await Scene.open(site, 'healthy');
  await scene.podIdentity();
  // Auto Mode contains an agent, so there is no pod of it.
  await scene.node('auto', { 'eks.amazonaws.com/compute-type': 'auto' });
  await scene.pod('on-auto-mode', { nodeName: 'auto' });
  const findings = await site.findings();
  await scene.close();
  return findings;
}

describe('the checks of doctor on embedded clusters', () => {
  let sites: readonly Site[] = [];
  let none: Promise<readonly string[]>;
  const outcomes: Promise<Outcome>[] = [];
  before(async () => {
    sites = await Promise.all(Array.from({ length: LANES }, startSite));
    none = healthy(sites[0]!);
    for (const [index, world] of WORLDS.entries()) {
      const previous = Promise.allSettled([none, outcomes[index - LANES]]);
      const namespace = `${world.check.toLowerCase()}-${index}`;
      outcomes.push(previous.then(() => outcomeOf(sites[index % LANES]!, world, namespace)));
    }
    // Each test reports its own failure.
    void Promise.allSettled(outcomes);
  });
  after(async () => {
    await Promise.allSettled(outcomes);
    await Promise.all(sites.map((site) => site.close()));
  });

  it('find nothing on a healthy cluster', async () => {
    expect(await none).to.deep.equal([]);
  });

  for (const [index, { check, title }] of WORLDS.entries())
    it(`${check}: find ${title}, and nothing after its repair`, async () => {
      const { expected, broken, repaired } = await outcomes[index]!;
      expect(broken).to.deep.equal(expected);
      expect(repaired).to.deep.equal([]);
    });

  it('each have a world or a reason why not', () => {
    const worlds = new Set<string>(WORLDS.map(({ check }) => check));
    const ids = CHECKS.map(({ id }) => id);
    expect(ids.filter((id) => !worlds.has(id))).to.deep.equal(Object.keys(WITHOUT_WORLD));
    expect([...worlds].filter((id) => !ids.includes(id as `PID${number}`))).to.deep.equal([]);
  });
});
