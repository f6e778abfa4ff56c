import { expect } from 'chai';
import { setMaxListeners } from 'node:events';
import { join } from 'node:path';
import { runQuietly } from '../../bin/cli/loosen.ts';
import { seededOrder } from '../../foundation/node/seeded-order.ts';
import { configure } from '../../harness/config/configuration.ts';
import { changedDocument, copyOf, verdictOf } from '../../harness/loosen/judge.ts';
import { changesOf } from '../../harness/loosen/operators/index.ts';
import { replay } from '../../harness/loosen/replay.ts';
import type { Observation } from '../../harness/policies/observation.ts';
import { policySources } from '../../harness/policies/sources.ts';
import type { RunResults } from '../../harness/results/results.ts';
import { ownSuites } from '../support/own-suites.ts';
import { ensureBuilt, ROOT, temporaryFolder } from '../support/run-cli.ts';

/** A nightly job sets `LOOSEN_SAMPLE=300`. `LOOSEN_SEED` repeats a run. */
const { LOOSEN_SAMPLE, LOOSEN_SEED: SEED = String(Date.now()) } = process.env;
const SAMPLE = Number(LOOSEN_SAMPLE ?? 20);
/** A small sample is of one suite. */
const SUITES = seededOrder(['irsa', 'pod-identity', 'abac', 'cross-account'], SEED, (suite) => suite).slice(
  0,
  LOOSEN_SAMPLE === undefined ? 1 : 4,
);

describe('replay of changed policies', () => {
  it(`agrees with real runs of the same scenarios, seed ${SEED}`, async () => {
    ensureBuilt();
    setMaxListeners(0);
    const observations = new Map<string, Observation>();
    const { hooks, scenarios } = await ownSuites();
    const started = performance.now();
    await runOf({ hooks, scenarios: scenarios.filter(({ suite }) => SUITES.includes(suite)) }, (one) =>
      observations.set(one.scenario.id, one),
    );
    const passed = [...observations.values()].filter(({ verdict }) => verdict === 'passed');
    const all = passed.flatMap((observation) =>
      policySources([observation]).flatMap((source) =>
        changesOf(source.document, source.kind).map((change) => ({ observation, source, change })),
      ),
    );
    const recorded = performance.now();
    const judged = all.map((one) => ({
      ...one,
      replayed: replay(
        one.observation,
        one.source.uses.map(({ used }) => ({ used, document: changedDocument(used, one.source, one.change) })),
      ),
    }));
    const told = judged.filter(({ replayed }) => replayed.result !== 'open');
    const replayedAt = performance.now();
    const ordered = seededOrder(told, SEED, ({ observation, source, change }) =>
      [observation.scenario.id, source.uses[0]?.used.part, source.uses[0]?.used.owner, change.text].join(),
    );
    const sample = ['same', 'contradicts'].flatMap((result) =>
      ordered.filter(({ replayed }) => replayed.result === result).slice(0, SAMPLE / 2),
    );
    const copies = sample.map((one, index) => copyOf(one.observation, one, `L${index}-10`));
    const { scenarios: results } = await runOf({ hooks, scenarios: copies });
    const outcomes = sample.map(({ observation, source, change, replayed }, index) => {
      const own = results.filter(({ id }) => id === `L${index}-10`);
      const { state = '', reason = '' } = verdictOf(own, [observation]);
      const expected = replayed.result === 'same' ? 'survived' : 'killed';
      const place = `${source.uses[0]?.used.part} of ${source.uses[0]?.used.owner}`;
      return {
        state,
        expected,
        text: `${observation.scenario.id}, ${place}, ${change.text}: ${expected} by replay, ${state} by a run. ${reason} ${own[0]?.reason ?? ''}`,
      };
    });
    const judgeable = outcomes.filter(({ state }) => state === 'killed' || state === 'survived');
    const count = (state: string): number => outcomes.filter((one) => one.state === state).length;
    process.stderr.write(
      `${passed.length} scenarios, ${all.length} changes, ${judged.length - told.length} need a run (${[...new Set(judged.flatMap(({ replayed }) => (replayed.result === 'open' ? replayed.reason.replace(/\d+|of \S+$/g, 'N') : [])))].join('; ')}); sample ${sample.length}: ${count('killed')} killed, ${count('survived')} survived, ${count('rejected')} rejected, ${count('unjudged')} unjudged; record ${Math.round(recorded - started)} ms, replay ${Math.round(replayedAt - recorded)} ms, runs ${Math.round(performance.now() - replayedAt)} ms\n`,
    );
    expect(judgeable.filter(({ state, expected }) => state !== expected).map(({ text }) => text)).to.deep.equal([]);
    expect(judgeable).to.have.length.above(SAMPLE * 0.8);
    expect((judged.length - told.length) / judged.length).to.be.below(0.1);
  });
});

function runOf(
  suites: Parameters<typeof runQuietly>[1],
  observe: (observation: Observation) => void = () => undefined,
): Promise<RunResults> {
  const configuration = configure(['--report-dir', temporaryFolder(), '--scope', 'all', '--retries', '4'], {});
  return runQuietly(configuration, suites, {
    io: {
      stdout: process.stderr,
      stderr: process.stderr,
      environment: process.env,
      interruption: () => new AbortController().signal,
      root: ROOT,
      code: join(ROOT, 'dist'),
    },
    interrupted: new AbortController().signal,
    observe,
  });
}
