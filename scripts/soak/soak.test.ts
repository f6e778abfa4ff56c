import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import type { RunResults } from '../../harness/results/results.ts';
import { temporaryFolder } from '../../test/support/run-cli.ts';
import { isNothing, leftBy } from './left.ts';
import { planned, tallyOf, textOf, verdictsIn, type SoakRun, type Unexpected } from './tally.ts';

const NOTHING = { processes: [], ports: [], files: [] };

const run = (number: number, unexpected: readonly Unexpected[] = [], more: Partial<SoakRun> = {}): SoakRun => ({
  ...planned(number, 4),
  exitCode: 0,
  seconds: 1,
  judged: 100,
  unexpected,
  left: NOTHING,
  ...more,
});

const verdict = (verdict: Unexpected['verdict'], scenario = 'AB-01'): Unexpected => ({
  scenario,
  verdict,
  reason: 'The pod was late.',
});

describe('soak', () => {
  it('runs a third of each order next to busy processes, and each random order with a new seed', () => {
    const runs = Array.from({ length: 9 }, (_, index) => planned(index + 1, 4));
    expect(runs.map(({ order }) => order).slice(0, 4)).to.deep.equal(['declared', 'reverse', 'random', 'declared']);
    expect(runs.filter(({ busy }) => busy === 4).map(({ order }) => order)).to.deep.equal([
      ...['declared', 'reverse', 'random'],
    ]);
    expect(runs.flatMap(({ seed }) => seed ?? [])).to.deep.equal(['3', '6', '9']);
  });

  it('collects verdicts other than passed from results', () => {
    const scenarios = ['passed', 'skipped', 'failed', 'error'].map((verdict) => ({ id: verdict, verdict, reason: '' }));
    const { judged, unexpected } = verdictsIn({ scenarios } as unknown as RunResults);
    expect(judged).to.equal(3);
    expect(unexpected.map(({ scenario }) => scenario)).to.deep.equal(['failed', 'error']);
  });

  for (const [title, runs, isAsItShouldBe] of [
    ['all passed', [run(1), run(7)], true],
    ['a scenario failed', [run(1, [verdict('failed')])], false],
    ['a scenario failed next to busy processes', [run(7, [verdict('failed')])], false],
    ['a scenario has an error', [run(1, [verdict('error')])], false],
    ['2 % have an error next to busy processes', [run(7, [verdict('error'), verdict('inconclusive')])], true],
    [
      '3 % have an error next to busy processes',
      [run(7, [verdict('error'), verdict('error'), verdict('inconclusive')])],
      false,
    ],
    ['a run has no results', [run(1, [], { judged: null })], false],
    ['a file is left behind', [run(1, [], { left: { ...NOTHING, files: ['/tmp/x'] } })], false],
  ] as const)
    it(`${isAsItShouldBe ? 'succeeds' : 'fails'} if ${title}`, () => {
      expect(tallyOf(runs).isAsItShouldBe).to.equal(isAsItShouldBe);
    });

  it('lists unexpected verdicts by scenario, and leftovers by run', () => {
    const text = textOf([
      run(1, [verdict('error')]),
      run(2, [verdict('failed'), verdict('error', 'AB-02')], { left: { ...NOTHING, ports: [4711] } }),
    ]);
    expect(text).to.contain('2 runs, 0 of them next to busy processes: 200 verdicts\nfailed: 1\n');
    expect(text).to.contain('AB-01, 2 times\n  run 1: error: The pod was late.\n  run 2: failed: The pod was late.\n');
    expect(text).to.contain('run 2 left ports: 4711');
  });

  it('finds leftover processes, ports and files of a run', async function () {
    if (process.platform !== 'linux') this.skip();
    const [temporary, reports] = [temporaryFolder(), temporaryFolder()];
    const ofRun = { run: undefined, reports, temporary };
    for (const name of ['results.json', 'report.html']) writeFileSync(join(reports, name), '{}');
    expect(isNothing(leftBy(ofRun))).to.equal(true);
    const program =
      "require('node:net').createServer().listen(0,'127.0.0.1',function(){console.log(this.address().port)})";
    const child = spawn(process.execPath, ['-e', program], { env: { TMPDIR: temporary } });
    try {
      const [port] = (await once(child.stdout, 'data')) as [Buffer];
      writeFileSync(join(reports, 'state.json'), '{}');
      mkdirSync(join(temporary, 'pod'));
      const left = leftBy(ofRun);
      expect(left.ports).to.deep.equal([Number(port.toString())]);
      expect(left.processes).to.have.lengthOf(1);
      expect(left.files).to.have.members([join(reports, 'state.json'), join(temporary, 'pod')]);
    } finally {
      child.kill('SIGKILL');
    }
  });
});
