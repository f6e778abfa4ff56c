import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'chai';
import { aResult, someResults } from '../../test/support/scenarios.ts';
import { Reporters, type Reporter } from './reporter.ts';
import { summarize } from '../results/results.ts';

const results = someResults([aResult()], summarize([aResult()]));
const run = { id: 'cabcdef', directory: 'reports/cabcdef', scenarios: [aResult()] };
const tellWithin = (milliseconds: number, ...reporters: readonly Reporter[]): Reporters =>
  new Reporters(
    reporters.map((reporter, index) => ({ name: `r${index + 1}`, reporter })),
    milliseconds,
  );
const tell = (...reporters: readonly Reporter[]): Reporters => tellWithin(60_000, ...reporters);

describe('reporters', () => {
  it('get all events in order, and return the files that they wrote', async () => {
    const log: string[] = [];
    const all = tell(
      {
        runStarted: ({ id }) => void log.push(`start ${id}`),
        phaseStarted: (phase, detail) => void log.push(`${phase} ${detail}`),
        note: (line) => void log.push(line),
        scenarioStarted: ({ id }) => void log.push(`+${id}`),
        scenarioOver: ({ id }) => void log.push(`-${id}`),
        runOver: () => ['one.txt'],
        reportsWritten: (_results, files) => void log.push(files.join(' ')),
      },
      {},
      { runOver: async () => ['two.txt'] },
    );
    all.tell('runStarted', run);
    all.tell('phaseStarted', 'provisioning', 'a detail');
    all.tell('note', 'a note');
    all.tell('scenarioStarted', aResult());
    all.tell('scenarioOver', aResult());
    const files = await all.runOver(results);
    await all.ask('reportsWritten', results, files);
    expect(log).to.deep.equal([
      ...['start cabcdef', 'provisioning a detail', 'a note', '+AB-01', '-AB-01', 'one.txt two.txt'],
    ]);
    expect(all.errors).to.deep.equal([]);
  });

  it('get one event after the other, while the run continues', async () => {
    const log: string[] = [];
    const all = tell({
      note: async (line) => {
        log.push(`+${line}`);
        await sleep(1);
        log.push(`-${line}`);
      },
      runOver: () => void log.push('over'),
    });
    for (const line of ['a', 'b']) all.tell('note', line);
    expect(log).to.deep.equal(['+a']);
    await all.runOver(results);
    expect(log).to.deep.equal(['+a', '-a', '+b', '-b', 'over']);
  });

  for (const [how, note] of [
    ['throws', () => expect.fail('it is broken')],
    ['rejects', () => Promise.reject(new Error('it is broken.\nat line 3'))],
  ] as const)
    it(`get no more events after one that ${how}, but others do`, async () => {
      const log: string[] = [];
      const all = tell({ note, runOver: () => void log.push('one') }, { runOver: () => void log.push('two') });
      all.tell('note', 'a');
      await all.runOver(results);
      expect(log).to.deep.equal(['two']);
      expect(all.errors.map(({ code, exitCode }) => ({ code, exitCode }))).to.deep.equal([
        { code: 'REPORTER_FAILED', exitCode: 3 },
      ]);
      expect(all.errors[0]?.message).to.equal(
        'Reporter r1 failed (it is broken): fix it, or leave it out of --reporter; results.json has all results.',
      );
    });

  it('time out if one is never done', async () => {
    const all = tellWithin(20, { runOver: () => new Promise(() => undefined) });
    await all.runOver(results);
    expect(all.errors[0]?.message).to.contain('Reporter r1 failed (timed out after 0.02 s)');
  });
});
