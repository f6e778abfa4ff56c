import { setImmediate as turn } from 'node:timers/promises';
import { expect } from 'chai';
import { aScenario } from '../../test/support/scenarios.ts';
import { restartAgent, granted, getObject, refused, wait } from '../operations/index.ts';
import type { Scenario } from '../scenario/spec.ts';
import { schedule, shuffle, type Lane } from './schedule.ts';

const plain = (id: string): Scenario => aScenario({}, id);
const alone = (id: string): Scenario => aScenario({ exclusive: 'machine' }, id);
const restarting = (id: string): Scenario =>
  aScenario({ probes: [restartAgent(), granted('red', getObject('data/red/key'))] }, id);

/** Runs scenarios that each take as many turns as the last digit of their id. Logs starts and ends in order. */
async function follow(scenarios: readonly Scenario[], parallel: number): Promise<{ log: string[]; most: number }> {
  const log: string[] = [];
  let under = 0;
  let most = 0;
  await schedule(scenarios, parallel, async ({ id }) => {
    log.push(`+${id}`);
    under += 1;
    most = Math.max(most, under);
    for (let turns = Number(id.slice(-1)); turns > 0; turns -= 1) await turn();
    under -= 1;
    log.push(`-${id}`);
  });
  for (const { id } of scenarios) expect(log).to.include(`-${id}`);
  return { log, most };
}

/** Runs scenarios, three at once, that each take until their `end`. Logs each start, and whether it is on the second cluster. */
function stepwise(scenarios: readonly Scenario[], options: Parameters<typeof schedule>[3]) {
  const log: string[] = [];
  const release = new Map<string, () => void>();
  const run = async ({ id }: Scenario, _turn: unknown, lane: Lane): Promise<void> => {
    log.push(lane === 'second-cluster' ? `${id} on the second` : id);
    await new Promise<void>((resolve) => release.set(id, resolve));
  };
  const done = schedule(scenarios, 3, run, options);
  const settled = async (): Promise<void> => {
    for (let turns = 0; turns < 20; turns += 1) await turn();
  };
  const end = async (id: string): Promise<void> => {
    await settled();
    release.get(id)!();
    await settled();
  };
  return { log, end, done };
}

describe('a shuffle', () => {
  const scenarios = ['A-01', 'A-02', 'A-03', 'A-04', 'A-05', 'A-06'].map(plain);
  const shuffled = (seed: string): string =>
    shuffle(scenarios, seed)
      .map(({ id }) => id)
      .join(' ');

  it('depends only on the seed, and keeps all scenarios', () => {
    expect(shuffled('7')).to.equal(shuffled('7'));
    expect(shuffled('7')).not.to.equal(shuffled('8'));
    expect(shuffled('7').split(' ')).to.have.members(scenarios.map(({ id }) => id));
  });

  it('reverses the order for "reverse"', () => expect(shuffled('reverse')).to.equal('A-06 A-05 A-04 A-03 A-02 A-01'));
});

describe('the schedule', () => {
  it('with inOrder, keeps the given order regardless of waits', async () => {
    const waits = aScenario({ probes: [wait(30), granted('red', getObject('data/red/key'))] }, 'A-03');
    const started = async (inOrder: boolean): Promise<string> => {
      const ids: string[] = [];
      await schedule([plain('A-01'), plain('A-02'), waits], 1, ({ id }) => Promise.resolve(ids.push(id)), { inOrder });
      return ids.join(' ');
    };
    expect(await started(false)).to.equal('A-01 A-03 A-02');
    expect(await started(true)).to.equal('A-01 A-02 A-03');
  });

  it('runs scenarios of exact names one by one next to others, and before those that run alone', async () => {
    const exact = (id: string): Scenario => aScenario({ exactNames: true }, id);
    const log: string[] = [];
    const run = async ({ id }: Scenario): Promise<void> => {
      log.push(`+${id}`);
      for (let turns = 5; turns > 0; turns -= 1) await turn();
      log.push(`-${id}`);
    };
    const scenarios = [plain('A-01'), alone('A-02'), exact('A-03'), exact('A-04'), plain('A-05')];
    await schedule(scenarios, 4, run, { exactNamesBeside: true });
    expect(log.indexOf('+A-03')).to.be.below(log.indexOf('-A-05'));
    expect(log.indexOf('+A-04')).to.be.above(log.indexOf('-A-03'));
    expect(log.slice(-2)).to.deep.equal(['+A-02', '-A-02']);
  });

  it('with lanes, starts early the scenarios that took longest in an earlier run', async () => {
    const started = async (lanes: number): Promise<string> => {
      const ids: string[] = [];
      const earlier = new Map([['A-03', 5000]]);
      const scenarios = ['A-01', 'A-02', 'A-03'].map(plain);
      await schedule(scenarios, 1, ({ id }) => Promise.resolve(ids.push(id)), { earlier, lanes });
      return ids.join(' ');
    };
    expect(await started(1)).to.equal('A-01 A-03 A-02');
    expect(await started(0)).to.equal('A-01 A-02 A-03');
  });

  it('with a second cluster, runs scenarios that only change their cluster there, once no other needs both', async () => {
    const both = aScenario({ providers: [{ cluster: 'c2', account: 'main', clientIds: [] }] }, 'A-02');
    const restartingBoth = aScenario({ probes: [restartAgent('c2')] }, 'A-05');
    const scenarios = [plain('A-01'), both, restarting('A-03'), alone('A-04'), restartingBoth];
    const { log, end, done } = stepwise(scenarios, { secondCluster: true });
    await end('A-01');
    expect(log).to.deep.equal(['A-01', 'A-02']);
    await end('A-02');
    expect(log.slice(2)).to.deep.equal(['A-03 on the second']);
    await end('A-03');
    expect(log.slice(3)).to.deep.equal(['A-04']);
    await end('A-04');
    expect(log.slice(4)).to.deep.equal(['A-05']);
    await end('A-05');
    await done;
  });

  it('runs scenarios that only change their cluster on both clusters once no other scenario runs', async () => {
    const scenarios = [plain('A-01'), restarting('A-02'), restarting('A-03'), restarting('A-04'), alone('A-05')];
    const { log, end, done } = stepwise(scenarios, { secondCluster: true });
    await end('A-02');
    expect(log).to.deep.equal(['A-01', 'A-02 on the second', 'A-03 on the second']);
    await end('A-01');
    expect(log.slice(3)).to.deep.equal(['A-04']);
    await end('A-03');
    expect(log).to.have.length(4);
    await end('A-04');
    expect(log.slice(4)).to.deep.equal(['A-05']);
    await end('A-05');
    await done;
  });

  it('changes the first cluster only after scenarios that were arranged early', async () => {
    const early = aScenario({ probes: [restartAgent('c1'), restartAgent('c2')] }, 'A-02');
    const scenarios = [plain('A-01'), early, restarting('A-03'), restarting('A-04')];
    const { log, end, done } = stepwise(scenarios, { secondCluster: true, arrangeEarly: true });
    await end('A-01');
    expect(log).to.have.members(['A-01', 'A-02', 'A-03 on the second']);
    await end('A-02');
    expect(log.slice(3)).to.deep.equal(['A-04']);
    await end('A-03');
    await end('A-04');
    await done;
  });

  for (const parallel of [1, 2, 3])
    it(`runs up to ${parallel} scenarios at once`, async () => {
      const { most } = await follow(['A-01', 'A-02', 'A-03', 'A-04', 'A-05'].map(plain), parallel);
      expect(most).to.equal(parallel);
    });

  it('starts further scenarios only when admitted, but always the first', async () => {
    const events: string[] = [];
    let admit = (): void => undefined;
    const done = schedule(
      ['A-01', 'A-02', 'A-03'].map(plain),
      3,
      async ({ id }) => {
        events.push(id);
        await turn();
        if (id === 'A-01') await new Promise<void>((resolve) => setTimeout(resolve, 20));
      },
      {
        admit: () => {
          events.push('asked');
          return new Promise<void>((resolve) => (admit = resolve));
        },
      },
    );
    await turn();
    expect(events).to.deep.equal(['A-01', 'asked']);
    admit();
    await turn();
    await turn();
    expect(events).to.deep.equal(['A-01', 'asked', 'A-02', 'asked']);
    admit();
    await done;
    expect(events.filter((event) => event !== 'asked')).to.deep.equal(['A-01', 'A-02', 'A-03']);
  });

  it('needs no admission while no scenario runs', async () => {
    const events: string[] = [];
    const admit = (): Promise<void> => Promise.resolve(void events.push('asked'));
    const started = ({ id }: Scenario) => Promise.resolve(events.push(id));
    await schedule(['A-01', 'A-02', 'A-03'].map(plain), 1, started, { admit });
    expect(events).to.deep.equal(['A-01', 'A-02', 'A-03']);
  });

  it('starts all scenarios at once without a head start', async () => {
    const started: string[] = [];
    const done = schedule(['A-01', 'A-02'].map(plain), 2, ({ id }) => {
      started.push(id);
      return turn();
    });
    for (let count = 0; count < 20; count += 1) await Promise.resolve();
    expect(started).to.deep.equal(['A-01', 'A-02']);
    await done;
  });

  for (const [parallel, first] of [
    [1, ['arrange A-01', 'end A-01', 'arrange A-02']],
    [2, ['arrange A-01', 'arrange A-02', 'end A-01']],
  ] as const)
    it(`arranges ${parallel} early if all scenarios run alone`, async () => {
      const log: string[] = [];
      const run = async ({ id }: Scenario, mine: Promise<unknown>): Promise<void> => {
        log.push(`arrange ${id}`);
        await mine;
        await turn();
        log.push(`end ${id}`);
      };
      await schedule([restarting('A-01'), restarting('A-02')], parallel, run, { arrangeEarly: true });
      expect(log.slice(0, 3)).to.deep.equal(first);
    });

  it('starts scenarios in the order of the plan', async () => {
    const { log } = await follow(['A-03', 'A-01', 'A-02'].map(plain), 1);
    expect(log).to.deep.equal(['+A-03', '-A-03', '+A-01', '-A-01', '+A-02', '-A-02']);
  });

  it('starts the scenario with the longest wait right after the first', async () => {
    const waiting = aScenario(
      {
        probes: [granted('red', getObject('data/red/key')), refused('red', getObject('data/red/key'), { by: 'agent' })],
      },
      'A-04',
    );
    const { log } = await follow([plain('A-01'), plain('A-02'), waiting], 1);
    expect(log.filter((line) => line.startsWith('+'))).to.deep.equal(['+A-01', '+A-04', '+A-02']);
  });

  it('with arrangeEarly, arranges scenarios before their turn unless they are exclusive from the start', async () => {
    const log: string[] = [];
    const done = schedule(
      [restarting('A-01'), restarting('A-02'), alone('A-03'), plain('A-04')],
      4,
      async ({ id }, mine) => {
        log.push(`arrange ${id}`);
        await mine;
        log.push(`probe ${id}`);
        await turn();
        log.push(`end ${id}`);
      },
      { arrangeEarly: true },
    );
    await done;
    const at = (line: string): number => log.indexOf(line);
    expect(at('arrange A-01')).to.be.lessThan(at('end A-04'));
    expect(at('arrange A-02')).to.be.lessThan(at('end A-04'));
    expect(log.filter((line) => !line.startsWith('arrange'))).to.deep.equal(
      ['A-04', 'A-01', 'A-02', 'A-03'].flatMap((id) => [`probe ${id}`, `end ${id}`]),
    );
    // Other scenarios may use its names.
    expect(at('arrange A-03')).to.be.greaterThan(at('end A-02'));
  });

  it('gives no early turn to a scenario after a skipped one', async () => {
    const log: string[] = [];
    const done = schedule(
      [restarting('A-01'), restarting('A-02'), plain('A-03')],
      3,
      async ({ id }, mine) => {
        if (id === 'A-01') return;
        await mine;
        log.push(`probe ${id}`);
        for (let count = 0; count < 5; count += 1) await turn();
        log.push(`end ${id}`);
      },
      { arrangeEarly: true },
    );
    await done;
    expect(log).to.deep.equal(['A-03', 'A-02'].flatMap((id) => [`probe ${id}`, `end ${id}`]));
  });

  it('starts the first scenario alone', async () => {
    const started: string[] = [];
    const done = schedule(
      ['A-01', 'A-02', 'A-03'].map(plain),
      3,
      async ({ id }) => {
        started.push(id);
        if (id === 'A-01') {
          await turn();
          expect(started).to.deep.equal(['A-01']);
        }
      },
      { headStart: 60_000 },
    );
    await done;
    expect(started).to.have.length(3);
  });

  it('runs scenarios that change shared state after all others, one by one in order', async () => {
    const { log } = await follow([alone('B-02'), plain('A-03'), restarting('B-01'), plain('A-01'), alone('B-03')], 8);
    expect(log.slice(4)).to.deep.equal(['+B-02', '-B-02', '+B-01', '-B-01', '+B-03', '-B-03']);
    expect(log.slice(0, 4).every((line) => line.includes('A-'))).to.equal(true);
  });

  it('with lanes, starts others while a scenario waits', async () => {
    const started: string[] = [];
    const waiting = aScenario({ probes: [wait(2), granted('red', getObject('data/red/key'))] }, 'A-02');
    const others = ['A-01', 'A-03', 'A-04'].map(plain);
    let end = (): void => undefined;
    const run = ({ id }: Scenario): Promise<unknown> => {
      started.push(id);
      if (started.length === 4) end();
      return id === 'A-02' ? new Promise<void>((resolve) => (end = resolve)) : Promise.resolve();
    };
    await schedule([others[0]!, waiting, ...others.slice(1)], 1, run, { lanes: 1 });
    expect(started).to.deep.equal(['A-01', 'A-02', 'A-03', 'A-04']);
  });

  it('with lanes, runs scenarios that change shared state at the same time, and those that need the machine last', async () => {
    const log: string[] = [];
    const lanes = new Map<string, Lane>();
    const busy = new Set<Lane>();
    const run = async ({ id }: Scenario, _turn: Promise<unknown>, lane: Lane): Promise<void> => {
      log.push(`+${id}`);
      lanes.set(id, lane);
      if (lane !== 0) expect(busy.has(lane)).to.equal(false);
      busy.add(lane);
      for (let turns = 5; turns > 0; turns -= 1) await turn();
      busy.delete(lane);
      log.push(`-${id}`);
    };
    const changing = ['B-01', 'B-02', 'B-03'].map(restarting);
    await schedule([alone('C-01'), ...changing, plain('A-01'), plain('A-02')], 1, run, { lanes: 2 });
    expect(changing.map(({ id }) => lanes.get(id))).to.deep.equal([1, 2, 1]);
    expect(['A-01', 'A-02', 'C-01'].map((id) => lanes.get(id))).to.deep.equal([0, 0, 0]);
    expect(log.indexOf('+B-01')).to.be.lessThan(log.indexOf('-A-01'));
    expect(log.slice(-2)).to.deep.equal(['+C-01', '-C-01']);
  });

  it('runs scenarios that need another agent one by one on its clusters, next to the others', async () => {
    const log: string[] = [];
    const run = async ({ id }: Scenario, _turn: Promise<unknown>, lane: Lane): Promise<void> => {
      log.push(`${id} ${lane}`);
      await turn();
    };
    const otherAgent = ({ id }: Scenario): boolean => id.startsWith('B');
    await schedule([plain('B-01'), restarting('B-02'), plain('A-01')], 2, run, { lanes: 1, otherAgent });
    expect(log).to.have.members(['B-01 other-agent', 'B-02 other-agent', 'A-01 0']);
  });

  it('ends immediately without scenarios', async () => {
    expect(await follow([], 4)).to.deep.equal({ log: [], most: 0 });
  });
});
