import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { JAVASCRIPT } from '../../components/clients/javascript/index.ts';
import { aHost } from '../../test/support/hosts.ts';
import { provision } from '../../test/support/provision.ts';
import { aScenario } from '../../test/support/scenarios.ts';
import { configure } from '../config/configuration.ts';
import type { Platform } from './environment.ts';
import { hasSecondCluster, laneFor, lanesOf, needsOtherAgent } from './lanes.ts';
import { hostedPlatform } from './platform.ts';
import { environmentsOf, openSession, type Session } from './session.ts';

describe('lanes of a run', () => {
  let directory: string;
  let platform: Platform;
  let session: Session;
  /** Log of closed hosts. */
  let closed: string[];
  let interrupt: AbortController;

  const sessionOf = (...flags: string[]): Session => {
    const opening = openSession({
      configuration: configure(['--report-dir', directory, ...flags], {}),
      scenarios: [],
      reporters: [],
      version: '1.2.3',
      workload: JAVASCRIPT,
      environment: {},
      interrupted: interrupt.signal,
      programs: [],
      stderr: process.stderr,
    });
    return Object.assign(opening, { platform });
  };

  beforeEach(async () => {
    directory = mkdtempSync(join(tmpdir(), 'lanes-'));
    closed = [];
    interrupt = new AbortController();
    const host = aHost({}, { lanes: 2, close: async () => void closed.push('host') });
    platform = await hostedPlatform(host, { run: 'c1a2b3d', seed: '0' });
    session = Object.assign(sessionOf(), { opened: await provision(platform, 'c1a2b3d') });
  });
  afterEach(async () => {
    for (const { teardown } of environmentsOf(session).toReversed()) await teardown();
    rmSync(directory, { recursive: true });
  });

  it('are as many as the host supports', () => expect(lanesOf(session)).to.equal(2));
  for (const flags of [
    ['--keep', 'always'],
    ['--parallel', '1'],
  ])
    it(`are disabled with ${flags.join(' ')}`, () => expect(lanesOf(sessionOf(...flags))).to.equal(0));

  it('each have their own AWS and clusters, and are reused', async () => {
    const one = aScenario({}, 'AB-01');
    const shared = await laneFor(session, 0, one);
    const first = await laneFor(session, 1, one);
    expect(await laneFor(session, 1, aScenario({}, 'AB-02'))).to.equal(first);
    const second = await laneFor(session, 2, one);
    const clocks = [shared, first, second].map(({ environment }) => environment.aws.controls!);
    clocks[1]!.advanceClock(3600);
    const [atShared = 0, atFirst = 0, atSecond = 0] = clocks.map(({ now }) => now());
    expect(atFirst - atShared).to.be.greaterThan(3_500_000);
    expect(Math.abs(atSecond - atShared)).to.be.lessThan(100_000);
    expect(environmentsOf(session)).to.deep.equal([shared, first, second]);
    expect([...first.environment.clusters.keys()]).to.deep.equal(['c1']);
  });

  it('use clusters with another agent for scenarios that need it', async () => {
    const otherAgent = { ...aHost(), capabilities: new Set(['agent-pod-cache']) };
    const withOther = await hostedPlatform(aHost({}, { lanes: 2, otherAgent }), { run: 'c1a2b3e', seed: '0' });
    const needy = aScenario({ needs: ['agent-pod-cache'], probes: [] });
    expect(needsOtherAgent(session, needy)).to.equal(false);
    const opened = await provision(withOther, 'c1a2b3e');
    const both = Object.assign(sessionOf(), { platform: withOther, opened });
    expect(needsOtherAgent(both, needy)).to.equal(true);
    expect(needsOtherAgent(both, aScenario({ probes: [] }))).to.equal(false);
    expect(needsOtherAgent(both, aScenario({ needs: ['network-policy'], probes: [] }))).to.equal(false);
    const lane = await laneFor(both, 'other-agent', needy);
    expect([...lane.capabilities]).to.include('agent-pod-cache');
    expect([...opened.capabilities]).not.to.include('agent-pod-cache');
    for (const { teardown } of environmentsOf(both).toReversed()) await teardown();
  });

  it('use the second cluster in the place of the first, where no further environments can be opened', async () => {
    const { opened } = session;
    expect(hasSecondCluster(session)).to.equal(false);
    session.platform = { aws: platform.aws, clusters: platform.clusters };
    expect(hasSecondCluster(session)).to.equal(false);
    await opened!.provision(['c1', 'c2']);
    expect(hasSecondCluster(session)).to.equal(true);
    const { environment } = await laneFor(session, 'second-cluster', aScenario({}));
    const { clusters } = opened!.environment;
    expect(environment.clusters.get('c1')?.cluster).to.equal(clusters.get('c2')?.cluster);
    expect(environment.clusters.get('c2')).to.equal(undefined);
    expect(environment.aws).to.equal(opened!.environment.aws);
    for (const flags of [
      ['--keep', 'always'],
      ['--parallel', '1'],
    ])
      expect(hasSecondCluster(Object.assign(sessionOf(...flags), { opened }))).to.equal(false);
  });

  it('are closed before the shared environment, and leave its host open', async () => {
    await (await laneFor(session, 1, aScenario({}))).teardown();
    expect(closed).to.deep.equal([]);
    session.lanes.clear();
    await session.opened!.teardown();
    expect(closed).to.deep.equal(['host']);
    session.opened = undefined;
  });

  it('are not opened for a run that is ending', async () => {
    interrupt.abort();
    expect(await laneFor(session, 1, aScenario({}))).to.equal(session.opened);
  });
});
