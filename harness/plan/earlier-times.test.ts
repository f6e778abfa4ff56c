import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { configure } from '../config/configuration.ts';
import { scenarioResult } from '../engine/scenario-result.ts';
import { writeResults } from '../report/write.ts';
import type { RunResults } from '../results/results.ts';
import { aScenario } from '../../test/support/scenarios.ts';
import { earlierTimes } from './earlier-times.ts';

describe('earlierTimes', () => {
  const before = process.cwd();
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'earlier-'));
    process.chdir(folder);
  });
  afterEach(() => {
    process.chdir(before);
    rmSync(folder, { recursive: true });
  });
  const times = () => [...earlierTimes(configure(['--report-dir', folder], {}))];

  const write = (cluster: string, reason: string): void => {
    mkdirSync(join(folder, cluster));
    const result = (id: string, probing: number) => ({
      ...scenarioResult(aScenario({}, id), 'failed', reason),
      durations: { arranging: 20, probing, teardown: 3 },
    });
    const results = { environment: { cluster }, scenarios: [result('A-01', 300), result('A-02', 1)] };
    writeResults(join(folder, cluster), results as unknown as RunResults);
  };

  it('returns the durations of the newest run on this type of cluster', () => {
    write('embedded', 'said {"id":"B-01","durations":{"arranging":7,"probing":7}}');
    write('kind', '');
    expect(times()).to.deep.equal([
      ['A-01', 320],
      ['A-02', 21],
    ]);
  });

  it('returns nothing without valid results of this type of cluster', () => {
    expect(times()).to.deep.equal([]);
    write('kind', '');
    writeFileSync(join(folder, 'results.json'), '{');
    expect(times()).to.deep.equal([]);
  });
});
