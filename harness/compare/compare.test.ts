import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import {
  compared,
  comparedRuns,
  copy,
  differences,
  file,
  probeOf,
  realResults,
  scenarioOf,
  SCENARIOS,
} from '../../test/support/comparison.ts';
import { runConformance, temporaryFolder } from '../../test/support/run-cli.ts';
import type { RunResults } from '../results/results.ts';

describe('npm run compare', () => {
  // Real runs are sequential, because an SDK waits only one second for metadata and agent, which a busy machine may exceed.
  const runs = comparedRuns(() => realResults());
  const { onKind } = runs;
  let faulty: RunResults;

  before(async () => {
    faulty = await realResults('--fault', 'webhook-prefers-irsa');
    expect(runs.first.summary.passed, JSON.stringify(runs.first.summary)).to.equal(SCENARIOS.length);
  });

  describe('of real runs', () => {
    it('finds no difference between two equal runs', async () => {
      const { exitCode, json, stdout, stderr } = await compared(runs.first, runs.second);
      expect(differences(json)).to.deep.equal([]);
      expect([exitCode, stderr]).to.deep.equal([0, '']);
      expect(json.summary).to.include({ compared: SCENARIOS.length, same: SCENARIOS.length, differ: 0, known: 0 });
      expect(stdout).to.match(
        /\n11 scenarios compared: 11 same, 0 differ \(0 known\), 0 only on one side or skipped\n$/,
      );
      expect(stdout)
        .to.match(/arranging {2}A \d.* B \d/)
        .and.to.match(/probing {4}A \d.* B \d/);
    });

    it('reports the differences that a defect of the webhook causes', async () => {
      const { exitCode, json, stdout } = await compared(runs.first, faulty);
      expect(exitCode).to.equal(1);
      expect(differences(json)).to.include.members([
        'CO-01 verdict: passed, failed',
        'CO-01 2 verdict: passed, failed',
        'CO-01 2 facts.injected: pod-identity, irsa',
        'CO-01 1 identity: associated, annotated',
      ]);
      expect(json.scenarios.filter(({ status }) => status === 'differs').map(({ id }) => id)).to.deep.equal(['CO-01']);
      const { operation, reason } = probeOf(copy(faulty), 'CO-01', 1);
      for (const text of ['CO-01', 'facts.injected: A pod-identity, B irsa', `B: ${reason}`, operation.split(' ')[0]!])
        expect(stdout).to.contain(text);
      expect(stdout).to.contain('with faults: webhook-prefers-irsa');
    });

    it('names both sides and the facts of their clusters', async () => {
      const { stdout } = await compared(runs.first, onKind());
      expect(stdout).to.contain(`embedded cluster, AWS: emulator, run ${runs.first.run.id} of`);
      expect(stdout).to.contain(`kind cluster, AWS: emulator, run ${runs.second.run.id} of`);
      expect(stdout).to.contain('agentImage agent:0.1.37').and.to.contain('kubernetesVersion 1.34');
    });

    it('reads report folders', async () => {
      const folder = temporaryFolder();
      for (const [name, results] of Object.entries({ first: runs.first, second: runs.second })) {
        mkdirSync(join(folder, name));
        writeFileSync(join(folder, name, 'results.json'), JSON.stringify(results));
      }
      expect((await compared(join(folder, 'first'), join(folder, 'second'))).exitCode).to.equal(0);
    });

    it('runs as a command', async () => {
      const { exitCode, stdout, stderr } = await runConformance({
        command: 'compare',
        reports: 'own',
        args: [file(runs.first), file(runs.second)],
      });
      expect([exitCode, stderr]).to.deep.equal([0, '']);
      expect(stdout).to.match(/\n11 scenarios compared: 11 same/);
    });
  });

  describe('does not compare', () => {
    it('a scenario that one side skipped, and reports why', async () => {
      const { exitCode, json, stdout } = await compared(
        runs.first,
        onKind((results) => {
          for (const id of ['WH-01', 'WH-02'])
            Object.assign(scenarioOf(results, id), { verdict: 'skipped', reason: 'It needs a clock.', probes: [] });
        }),
      );
      expect(exitCode).to.equal(0);
      expect(json.summary).to.include({ compared: 9, same: 9, skipped: 2 });
      expect(stdout).to.contain('  WH-01, WH-02\n      skipped in B (passed in A): It needs a clock.\n');
      expect(stdout).to.match(/\n9 scenarios compared: 9 same, 0 differ \(0 known\), 2 only on one side or skipped\n$/);
    });

    it('a scenario that is in only one file', async () => {
      const { exitCode, json, stdout } = await compared(
        runs.first,
        onKind((results) => (results.scenarios = results.scenarios.filter(({ id }) => id !== 'PI-07'))),
      );
      expect(exitCode).to.equal(0);
      expect(json.summary).to.include({ compared: 10, alone: 1 });
      expect(stdout).to.contain('  PI-07\n      only in A\n').and.to.contain('1 only on one side or skipped');
    });

    it('a scenario that ended in an error on both sides', async () => {
      const broken = { verdict: 'error', reason: 'PI-07 could not be judged: no pod.', probes: [] };
      const sides = [copy(runs.first), copy(runs.second)] as const;
      for (const side of sides) Object.assign(scenarioOf(side, 'PI-07'), broken);
      const { exitCode, json, stdout } = await compared(...sides);
      expect(exitCode).to.equal(0);
      expect(json.summary).to.include({ compared: 10, same: 10, undecided: 1 });
      expect(stdout).to.contain('an error on both sides. A: It could not be judged: no pod.');
      expect(stdout).to.match(/, 1 undecided\n$/);
    });

    it('anything, and exits 3, if no scenario has a verdict on both sides', async () => {
      const nothing = onKind((results) => {
        results.run.error = 'Docker is missing.';
        results.scenarios = [];
      });
      const { exitCode, json, stdout, stderr } = await compared(runs.first, nothing);
      expect(exitCode).to.equal(3);
      expect(json.medians).to.deep.equal({ arranging: null, probing: null });
      expect(stdout).to.contain('The run failed: Docker is missing.').and.to.contain('0 scenarios compared');
      expect(stderr).to.equal('No scenario has a verdict on both sides, so nothing was compared.\n');
      const skipped = onKind((results) => {
        for (const scenario of results.scenarios) Object.assign(scenario, { verdict: 'skipped', probes: [] });
      });
      expect((await compared(runs.first, skipped)).exitCode).to.equal(3);
    });
  });
});
