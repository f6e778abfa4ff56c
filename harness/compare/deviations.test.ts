import { expect } from 'chai';
import {
  command,
  compared,
  comparedRuns,
  differences,
  file,
  observedIn,
  probeOf,
  scenarioOf,
  type Results,
} from '../../test/support/comparison.ts';
import type { RunResults } from '../results/results.ts';

describe('npm run compare', () => {
  const runs = comparedRuns();
  const { onKind } = runs;

  describe('with known deviations', () => {
    const changed = (): RunResults =>
      onKind((results) => {
        scenarioOf(results, 'PI-07').verdict = 'failed';
        Object.assign(probeOf(results, 'PI-07', 1), { verdict: 'failed' });
        Object.assign(observedIn(results, 'PI-07', 1), { status: 500, code: 'InternalError' });
      });
    const entry = (values: object = {}, kind: object = {}, embedded: object = {}) => ({
      scenario: 'PI-07',
      probe: 2,
      sides: [
        { when: { cluster: 'kind' }, observed: { verdict: 'failed', status: 500, code: 'InternalError' }, ...kind },
        {
          when: { cluster: 'embedded' },
          observed: { verdict: 'passed', status: 403, code: 'AccessDenied' },
          ...embedded,
        },
      ],
      reason: 'The store of kind is broken.',
      source: 'https://example.com/ill_store',
      ...values,
    });
    const deviations = (...entries: readonly object[]): readonly string[] => [
      '--deviations',
      file({ deviations: entries }, 'deviations.json'),
    ];

    it('passes in either order, and prints their reasons', async () => {
      for (const sides of [
        [runs.first, changed()],
        [changed(), runs.first],
      ] as const) {
        const { exitCode, json, stdout } = await compared(...sides, ...deviations(entry()), '--strict');
        expect(exitCode).to.equal(0);
        expect(differences(json)).to.have.length(4);
        for (const difference of differences(json)) expect(difference).to.match(/\(known\)$/);
        expect(json.stale).to.deep.equal([]);
        expect(stdout).not.to.contain('DIFFERS');
        expect(stdout)
          .to.contain('known PI-07')
          .and.to.contain('The store of kind is broken. (https://example.com/ill_store)');
        expect(stdout).to.contain('10 same, 1 differ (1 known)');
      }
    });

    it('reads several files, including YAML', async () => {
      const yaml = file(
        `# Known.
deviations:
  - scenario: PI-07
    probe: 2
    sides:
      - { when: { cluster: kind, agentImage: 'agent:0.1.*' }, observed: { verdict: failed, status: 500 } }
      - { when: { cluster: embedded }, observed: { verdict: passed, status: 403 } }
    reason: The store of kind is broken.
    source: a page
`,
        'known.yaml',
      );
      const code = entry({}, { observed: { code: 'InternalError' } }, { observed: { code: 'AccessDenied' } });
      expect((await compared(runs.first, changed(), '--deviations', yaml)).exitCode).to.equal(1);
      expect((await compared(runs.first, changed(), '--deviations', yaml, ...deviations(code))).exitCode).to.equal(0);
    });

    it('still fails for other differences, and reports deviations that no longer occur', async () => {
      const other = deviations(
        entry({}, { observed: { verdict: 'failed', status: 503 } }, { observed: { verdict: 'passed', status: 403 } }),
      );
      const { exitCode, json, stdout } = await compared(runs.first, changed(), ...other);
      expect(exitCode).to.equal(1);
      expect(differences(json)).to.deep.equal([
        'PI-07 verdict: passed, failed (known)',
        'PI-07 2 verdict: passed, failed (known)',
        'PI-07 2 code: AccessDenied, InternalError',
        'PI-07 2 status: 403, 500',
      ]);
      expect(json.stale.map(({ scenario, probe, fields }) => ({ scenario, probe, fields }))).to.deep.equal([
        { scenario: 'PI-07', probe: 1, fields: ['status'] },
      ]);
      expect(stdout).to.contain('stale PI-07, probe 2: status').and.to.contain('deviations[0]');
    });

    it("only treats a scenario's verdict as known if its probes explain it", async () => {
      const worse = changed();
      const scenario = scenarioOf(worse as Results, 'PI-07');
      scenario.verdict = 'error';
      const { exitCode, json } = await compared(runs.first, worse, ...deviations(entry()));
      expect(exitCode).to.equal(1);
      expect(differences(json)[0]).to.equal('PI-07 verdict: passed, error');
      const whole = {
        ...entry({}, { observed: { verdict: 'error' } }, { observed: { verdict: 'passed' } }),
        probe: undefined,
      };
      expect((await compared(runs.first, worse, ...deviations(entry(), whole))).exitCode).to.equal(0);
    });

    it('only applies them to the runs that they describe', async () => {
      for (const when of [
        { cluster: 'eks' },
        { cluster: 'kind', agentImage: 'agent:0.2*' },
        { nonsense: '*' },
        { cluster: 'kin' },
      ]) {
        const { exitCode, json } = await compared(runs.first, changed(), ...deviations(entry({}, { when })));
        expect([exitCode, json.stale, json.summary.known], JSON.stringify(when)).to.deep.equal([1, [], 0]);
      }
      // Neither run is on kind.
      expect((await compared(runs.first, runs.second, ...deviations(entry()), '--strict')).exitCode).to.equal(0);
    });

    it('fails for one that no longer occurs only with --strict', async () => {
      const { exitCode, stdout } = await compared(runs.first, onKind(), ...deviations(entry()));
      expect(exitCode).to.equal(0);
      expect(stdout).to.contain('stale PI-07, probe 2: verdict, code, status');
      expect((await compared(runs.first, onKind(), ...deviations(entry()), '--strict')).exitCode).to.equal(1);
    });

    it('ignores one whose scenario was not compared, or ended before its probes', async () => {
      const skipped = onKind((results) => (scenarioOf(results, 'PI-07').verdict = 'skipped'));
      expect((await compared(runs.first, skipped, ...deviations(entry()), '--strict')).json.stale).to.deep.equal([]);
      const ended = onKind((results) => Object.assign(scenarioOf(results, 'PI-07'), { verdict: 'error', probes: [] }));
      expect((await compared(runs.first, ended, ...deviations(entry()))).json.stale).to.deep.equal([]);
    });

    const wrong: readonly (readonly [string, object | string, string])[] = [
      ['a list', [], 'it must be an object, not a list'],
      ['an object instead of a list', { deviations: {} }, 'deviations must be a list, not an object'],
      ['another key', { deviation: [] }, 'it must not have "deviation": did you mean "deviations"?'],
      ['invalid YAML', 'a: [', 'is neither YAML nor JSON'],
      [
        'a misspelt key',
        { deviations: [entry({ reasons: 'x' })] },
        'deviations[0] must not have "reasons": did you mean "reason"?',
      ],
      ['no reason', { deviations: [entry({ reason: ' ' })] }, 'deviations[0].reason must be a non-empty string'],
      [
        'no source',
        { deviations: [entry({ source: undefined })] },
        'deviations[0].source must be a non-empty string, not missing',
      ],
      [
        'an invalid scenario id',
        { deviations: [entry({ scenario: 'pi-7' })] },
        'deviations[0].scenario must be a scenario id',
      ],
      [
        'probe 0',
        { deviations: [entry({ probe: 0 })] },
        'deviations[0].probe must be a whole number of at least 1, not 0',
      ],
      [
        'one side',
        { deviations: [entry({ sides: [entry().sides[0]] })] },
        'deviations[0].sides must be a list of two, not a list of length 1',
      ],
      [
        'three sides',
        { deviations: [entry({ sides: [...entry().sides, entry().sides[0]] })] },
        'not a list of length 3',
      ],
      [
        'no condition',
        { deviations: [entry({}, { when: {} })] },
        'deviations[0].sides[0].when must name a fact of the run',
      ],
      [
        'an unknown field',
        { deviations: [entry({}, { observed: { state: 1 } })] },
        'observed.state is not a field: did you mean "status"?',
      ],
      [
        'a status that is a string',
        { deviations: [entry({}, { observed: { status: '500' } })] },
        'status must be a whole number of at least 0, not "500"',
      ],
      [
        'an unknown verdict',
        { deviations: [entry({}, { observed: { verdict: 'bad' } })] },
        'verdict must be one of passed, failed',
      ],
      [
        'a field that only one side has',
        { deviations: [entry({}, { observed: { layer: 's3' } })] },
        'must have layer on both sides',
      ],
      ['no field', { deviations: [entry({}, { observed: {} })] }, 'observed must name a field'],
      [
        'no difference',
        { deviations: [entry({}, entry().sides[1])] },
        'have the same verdict, which is not a deviation',
      ],
      ['a status of a whole scenario', { deviations: [entry({ probe: undefined })] }, 'code requires a probe'],
    ];
    for (const [what, content, message] of wrong)
      it(`rejects a file with ${what}`, async () => {
        const path = file(content, 'mine.yaml');
        const { exitCode, stdout, stderr } = await command([file(runs.first), file(runs.second), '--deviations', path]);
        expect([exitCode, stdout]).to.deep.equal([2, '']);
        expect(stderr).to.contain(message).and.to.contain(path);
        expect(stderr.trimEnd().split('\n'), stderr).to.have.length(1);
      });
  });
});
