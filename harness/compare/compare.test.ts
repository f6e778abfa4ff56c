import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv2020 } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import { expect } from 'chai';
import { runConformance, temporaryFolder } from '../../test/run-cli.ts';
import type { RunResults } from '../report/results.ts';
import { main } from './cli.ts';
import type { Comparison } from './compare.ts';
import { shippedDeviations } from './deviations.ts';

const ajv = new Ajv2020({ allErrors: true, allowUnionTypes: true });
addFormats.default(ajv);
const valid = ajv.compile(JSON.parse(readFileSync('harness/compare/compare.schema.json', 'utf8')) as object);

/** Scenarios with role, node and no identities, denials, refusals, and facts of every kind of expectation. */
const SCENARIOS = ['PI-01', 'PI-02', 'PI-03', 'PI-07', 'CO-01', 'IR-02', 'WH-01', 'WH-02', 'WH-03', 'WH-07', 'AP-02'];

type Mutable<T> = T extends object ? { -readonly [K in keyof T]: Mutable<T[K]> } : T;
type Results = Mutable<RunResults>;
type ScenarioOf = Results['scenarios'][number];

const copy = (results: RunResults): Results => structuredClone(results) as Results;

function scenarioOf(results: Results, id: string): ScenarioOf {
  const found = results.scenarios.find((scenario) => scenario.id === id);
  if (!found) throw new Error(`no ${id}`);
  return found;
}

const probeOf = (results: Results, id: string, number: number): ScenarioOf['probes'][number] =>
  scenarioOf(results, id).probes[number]!;

const observedIn = (
  results: Results,
  id: string,
  number: number,
): Mutable<NonNullable<ScenarioOf['probes'][number]['observed']>> => probeOf(results, id, number).observed as never;

function file(content: unknown, name = 'results.json'): string {
  const path = join(temporaryFolder(), name);
  writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content));
  return path;
}

interface Command {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

async function command(args: readonly string[], environment: Record<string, string> = {}): Promise<Command> {
  const written = { stdout: '', stderr: '' };
  const exitCode = await main(args, {
    stdout: { write: (text) => (written.stdout += text) },
    stderr: { write: (text) => (written.stderr += text) },
    environment,
  });
  return { exitCode, ...written };
}

type Written = Pick<Comparison, 'scenarios' | 'stale' | 'summary' | 'medians' | 'unlike'> & {
  readonly exitCode: number;
};

/** Compares two results, or what is in files, and gives compare.json, which fits its schema, with what was printed. */
async function compared(
  a: RunResults | string,
  b: RunResults | string,
  ...args: readonly string[]
): Promise<Command & { readonly json: Written; readonly markdown: string }> {
  const output = join(temporaryFolder(), 'new', 'output');
  const [fileA, fileB] = [a, b].map((side) => (typeof side === 'string' ? side : file(side))) as [string, string];
  const done = await command([fileA, fileB, '--output', output, ...args]);
  expect(done.exitCode, done.stderr).not.to.equal(2);
  const json = JSON.parse(readFileSync(join(output, 'compare.json'), 'utf8')) as Written;
  expect(valid(json), ajv.errorsText(valid.errors)).to.equal(true);
  expect(json.exitCode).to.equal(done.exitCode);
  return { ...done, json, markdown: readFileSync(join(output, 'compare.md'), 'utf8') };
}

/** The differences as `PI-07 2 status: 403, 500 (known)`: scenario, number of the probe for people, field and values. */
const differences = ({ scenarios }: Written): readonly string[] =>
  scenarios.flatMap(({ id, differences: found }) =>
    found.map(
      ({ probe, field, a, b, known }) =>
        `${id}${probe === null ? '' : ` ${probe + 1}`} ${field}: ${String(a)}, ${String(b)}${known === null ? '' : ' (known)'}`,
    ),
  );

describe('npm run compare', function () {
  this.timeout(60_000);
  let first: RunResults;
  let second: RunResults;
  let faulty: RunResults;

  before(async () => {
    const run = async (...args: readonly string[]): Promise<RunResults> => {
      const { results, stderr } = await runConformance({ args: ['--quiet', '--scenario', SCENARIOS.join(), ...args] });
      if (!results) throw new Error(stderr);
      expect(results.scenarios).to.have.length(SCENARIOS.length);
      return results;
    };
    [first, second, faulty] = await Promise.all([run(), run(), run('--fault', 'webhook-prefers-irsa')]);
    expect(first.summary.passed, JSON.stringify(first.summary)).to.equal(SCENARIOS.length);
  });

  /** The second run on kind, with a change. */
  function onKind(change: (results: Results) => void = () => undefined): RunResults {
    const results = copy(second);
    results.environment.cluster = 'kind';
    for (const cluster of results.environment.clusters)
      cluster.facts = { ...cluster.facts, agentImage: 'agent:0.1.37' };
    change(results);
    return results;
  }

  describe('of real runs', () => {
    it('finds two of the same kind to be the same', async () => {
      const { exitCode, json, stdout, stderr } = await compared(first, second);
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

    it('tells what a defect of the webhook changes', async () => {
      const { exitCode, json, stdout, markdown } = await compared(first, faulty);
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
      expect(markdown).to.contain('| 2 | facts.injected | pod-identity | irsa | no |');
    });

    it('names both sides, with the facts of their clusters', async () => {
      const { stdout, markdown } = await compared(first, onKind());
      for (const text of [stdout, markdown]) {
        expect(text).to.contain(`embedded cluster, AWS: emulator, run ${first.run.id} of`);
        expect(text).to.contain(`kind cluster, AWS: emulator, run ${second.run.id} of`);
        expect(text).to.contain('agentImage agent:0.1.37').and.to.contain('kubernetesVersion 1.34');
      }
    });

    it('reads report folders', async () => {
      const folder = temporaryFolder();
      for (const [name, results] of Object.entries({ first, second })) {
        mkdirSync(join(folder, name));
        writeFileSync(join(folder, name, 'results.json'), JSON.stringify(results));
      }
      expect((await compared(join(folder, 'first'), join(folder, 'second'))).exitCode).to.equal(0);
    });

    it('runs as a command', async () => {
      const { exitCode, stdout, stderr } = await runConformance({
        command: 'compare.js',
        reports: 'own',
        args: [file(first), file(second)],
      });
      expect([exitCode, stderr]).to.deep.equal([0, '']);
      expect(stdout).to.match(/\n11 scenarios compared: 11 same/);
    });
  });

  describe('finds a difference in', () => {
    const changes: readonly (readonly [string, (results: Results) => void, readonly string[]])[] = [
      [
        'the verdict of a scenario',
        (r) => (scenarioOf(r, 'PI-07').verdict = 'failed'),
        ['PI-07 verdict: passed, failed'],
      ],
      [
        'an inconclusive verdict',
        (r) => (scenarioOf(r, 'PI-07').verdict = 'inconclusive'),
        ['PI-07 verdict: passed, inconclusive'],
      ],
      [
        'a scenario that an error ended',
        (r) => Object.assign(scenarioOf(r, 'PI-07'), { verdict: 'error', probes: [] }),
        ['PI-07 verdict: passed, error'],
      ],
      [
        'the verdict of a probe',
        (r) => (probeOf(r, 'PI-07', 1).verdict = 'failed'),
        ['PI-07 2 verdict: passed, failed'],
      ],
      ['the outcome', (r) => (observedIn(r, 'PI-01', 0).outcome = 'absent'), ['PI-01 1 outcome: granted, absent']],
      ['the layer', (r) => (observedIn(r, 'PI-07', 1).layer = 'sts'), ['PI-07 2 layer: s3, sts']],
      ['a layer that is missing', (r) => void delete observedIn(r, 'PI-07', 1).layer, ['PI-07 2 layer: s3, null']],
      ['the code', (r) => (observedIn(r, 'PI-07', 1).code = 'Denied'), ['PI-07 2 code: AccessDenied, Denied']],
      ['the status', (r) => (observedIn(r, 'PI-07', 1).status = 401), ['PI-07 2 status: 403, 401']],
      [
        'the role',
        (r) =>
          (observedIn(r, 'PI-07', 0).identity!.arn =
            `arn:aws:sts::111122223333:assumed-role/${r.run.id}-pi-07-admin/x`),
        ['PI-07 1 identity: app, admin'],
      ],
      [
        "the node's identity",
        (r) => (observedIn(r, 'PI-03', 0).identity!.arn = 'arn:aws:iam::111122223333:user/me'),
        ['PI-03 1 identity: node, static'],
      ],
      [
        'an identity that is missing',
        (r) => void delete observedIn(r, 'PI-03', 0).identity,
        ['PI-03 1 identity: node, null'],
      ],
      [
        'a fact that is expected',
        (r) => (observedIn(r, 'WH-03', 0).facts!['pods'] = 19),
        ['WH-03 1 facts.pods: 20, 19'],
      ],
      [
        'a fact that is to be absent',
        (r) => (observedIn(r, 'WH-02', 0).facts!['label'] = 'enabled'),
        ['WH-02 1 facts.label: null, enabled'],
      ],
      [
        'a name in a fact',
        (r) =>
          (observedIn(r, 'WH-02', 0).facts!['app.env.AWS_ROLE_ARN'] =
            `arn:aws:iam::111122223333:role/${r.run.id}-wh-02-web`),
        [
          'WH-02 1 facts.app.env.AWS_ROLE_ARN: arn:aws:iam::111122223333:role/<run>-wh-02-app, arn:aws:iam::111122223333:role/<run>-wh-02-web',
        ],
      ],
      [
        'a probe that was not made',
        (r) => (probeOf(r, 'PI-02', 0).observed = null),
        [
          'PI-02 1 outcome: refused, null',
          'PI-02 1 layer: injection, null',
          'PI-02 1 code: NoCredentialsSettings, null',
        ],
      ],
      ['the number of probes', (r) => void scenarioOf(r, 'PI-07').probes.pop(), ['PI-07 probes: 2, 1']],
      [
        'what is tried',
        (r) => Object.assign(probeOf(r, 'PI-07', 1), { operation: 'DeleteObject s3://x', workload: null }),
        ['PI-07 2 operation: app: PutObject, harness: DeleteObject'],
      ],
    ];
    for (const [what, change, expected] of changes)
      it(what, async () => {
        const { exitCode, json, stdout } = await compared(first, onKind(change));
        expect(differences(json)).to.deep.equal(expected);
        expect(exitCode).to.equal(1);
        expect(stdout).to.match(
          /\n11 scenarios compared: 10 same, 1 differ \(0 known\), 0 only on one side or skipped\n$/,
        );
        // The other way round it is the same.
        expect((await compared(onKind(change), first)).json.summary).to.deep.equal(json.summary);
      });

    it('a fact that leaves its range', async () => {
      const name = 'podIdentityVolume.expirationSeconds';
      const range = onKind((results) => (observedIn(results, 'WH-01', 0).facts![name] = 600));
      const { json } = await compared(first, range);
      expect(differences(json)).to.deep.equal([
        `WH-01 1 facts.${name}: ${String(probeOf(copy(first), 'WH-01', 0).observed?.facts?.[name])}, 600`,
      ]);
    });
  });

  describe('finds none in', () => {
    const changes: readonly (readonly [string, (results: Results) => void])[] = [
      [
        'texts, ids and times',
        (r) => {
          const probe = probeOf(r, 'PI-07', 1);
          Object.assign(probe.observed!, { message: 'other words', requestId: 'another', startedAt: 1, endedAt: 2 });
          Object.assign(probe, { reason: 'Other words.', milliseconds: 99_999, explanation: null });
          Object.assign(scenarioOf(r, 'PI-07'), { reason: 'Other words.', title: 'other words', attempts: 2 });
        },
      ],
      [
        'the name of a session',
        (r) =>
          (observedIn(r, 'PI-07', 0).identity!.arn =
            `arn:aws:sts::111122223333:assumed-role/${r.run.id}-pi-07-app/other`),
      ],
      [
        'what a further attempt is called',
        (r) =>
          (observedIn(r, 'PI-07', 0).identity!.arn =
            `arn:aws:sts::111122223333:assumed-role/${r.run.id}-pi-07-try2-app/s`),
      ],
      ['a fact that is not expected', (r) => (observedIn(r, 'WH-01', 0).facts!['app.env.AWS_REGION'] = 'eu-west-1')],
      [
        'a fact within its range',
        (r) => (observedIn(r, 'WH-01', 0).facts!['podIdentityVolume.expirationSeconds'] = 79_200),
      ],
      [
        "another AWS's account in what is expected",
        (r) => {
          const arn = `arn:aws:iam::999988887777:role/${r.run.id}-wh-02-app`;
          observedIn(r, 'WH-02', 0).facts!['app.env.AWS_ROLE_ARN'] = arn;
          (probeOf(r, 'WH-02', 0).expected as { facts?: Record<string, unknown> }).facts!['app.env.AWS_ROLE_ARN'] = arn;
        },
      ],
      ['fields of a later version', (r) => Object.assign(observedIn(r, 'PI-07', 1), { later: { more: [1] } })],
    ];
    for (const [what, change] of changes)
      it(what, async () => {
        const changed = onKind(change);
        expect(changed).not.to.deep.equal(onKind());
        const { exitCode, json } = await compared(first, changed);
        expect(differences(json)).to.deep.equal([]);
        expect(exitCode).to.equal(0);
      });
  });

  describe('does not compare', () => {
    it('what one side skipped, and says why', async () => {
      const { exitCode, json, stdout, markdown } = await compared(
        first,
        onKind((results) => {
          for (const id of ['WH-01', 'WH-02'])
            Object.assign(scenarioOf(results, id), { verdict: 'skipped', reason: 'It needs a clock.', probes: [] });
        }),
      );
      expect(exitCode).to.equal(0);
      expect(json.summary).to.include({ compared: 9, same: 9, skipped: 2 });
      expect(stdout).to.contain('  WH-01, WH-02\n      skipped in B (passed in A): It needs a clock.\n');
      expect(stdout).to.match(/\n9 scenarios compared: 9 same, 0 differ \(0 known\), 2 only on one side or skipped\n$/);
      expect(markdown).to.contain('| WH-01, WH-02 | skipped in B (passed in A): It needs a clock. |');
    });

    it('what is in one file alone', async () => {
      const { exitCode, json, stdout } = await compared(
        first,
        onKind((results) => (results.scenarios = results.scenarios.filter(({ id }) => id !== 'PI-07'))),
      );
      expect(exitCode).to.equal(0);
      expect(json.summary).to.include({ compared: 10, alone: 1 });
      expect(stdout).to.contain('  PI-07\n      only in A\n').and.to.contain('1 only on one side or skipped');
    });

    it('what an error kept from a verdict on both sides', async () => {
      const broken = { verdict: 'error', reason: 'PI-07 could not be judged: no pod.', probes: [] };
      const sides = [copy(first), copy(second)] as const;
      for (const side of sides) Object.assign(scenarioOf(side, 'PI-07'), broken);
      const { exitCode, json, stdout } = await compared(...sides);
      expect(exitCode).to.equal(0);
      expect(json.summary).to.include({ compared: 10, same: 10, undecided: 1 });
      expect(stdout).to.contain('an error on both sides. A: It could not be judged: no pod.');
      expect(stdout).to.match(/, 1 undecided\n$/);
    });

    it('anything, and exits 3, where no scenario has a verdict on both sides', async () => {
      const nothing = onKind((results) => {
        results.run.error = 'There was no Docker.';
        results.scenarios = [];
      });
      const { exitCode, json, stdout, stderr } = await compared(first, nothing);
      expect(exitCode).to.equal(3);
      expect(json.medians).to.deep.equal({ arranging: null, probing: null });
      expect(stdout)
        .to.contain('The run could not do its work: There was no Docker.')
        .and.to.contain('0 scenarios compared');
      expect(stderr).to.equal('compare: no scenario has a verdict on both sides, so nothing was compared.\n');
      const skipped = onKind((results) => {
        for (const scenario of results.scenarios) Object.assign(scenario, { verdict: 'skipped', probes: [] });
      });
      expect((await compared(first, skipped)).exitCode).to.equal(3);
    });
  });

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
      reason: 'The store of kind is ill.',
      source: 'https://example.com/ill_store',
      ...values,
    });
    const deviations = (...entries: readonly object[]): readonly string[] => [
      '--deviations',
      file({ deviations: entries }, 'deviations.json'),
    ];

    it('passes, in either order, and tells them with their reasons', async () => {
      for (const sides of [
        [first, changed()],
        [changed(), first],
      ] as const) {
        const { exitCode, json, stdout, markdown } = await compared(...sides, ...deviations(entry()), '--strict');
        expect(exitCode).to.equal(0);
        expect(differences(json)).to.have.length(4);
        for (const difference of differences(json)) expect(difference).to.match(/\(known\)$/);
        expect(json.stale).to.deep.equal([]);
        expect(stdout).not.to.contain('DIFFERS');
        expect(stdout)
          .to.contain('known PI-07')
          .and.to.contain('The store of kind is ill. (https://example.com/ill_store)');
        expect(stdout).to.contain('10 same, 1 differ (1 known)');
        expect(markdown).to.contain('## Known differences').and.to.contain('The store of kind is ill.');
      }
    });

    it('reads several files, YAML among them', async () => {
      const yaml = file(
        `# Known.
deviations:
  - scenario: PI-07
    probe: 2
    sides:
      - { when: { cluster: kind, agentImage: 'agent:0.1.*' }, observed: { verdict: failed, status: 500 } }
      - { when: { cluster: embedded }, observed: { verdict: passed, status: 403 } }
    reason: The store of kind is ill.
    source: a page
`,
        'known.yaml',
      );
      const code = entry({}, { observed: { code: 'InternalError' } }, { observed: { code: 'AccessDenied' } });
      expect((await compared(first, changed(), '--deviations', yaml)).exitCode).to.equal(1);
      expect((await compared(first, changed(), '--deviations', yaml, ...deviations(code))).exitCode).to.equal(0);
    });

    it('still fails for what they do not tell, and says which no longer occurs', async () => {
      const other = deviations(
        entry({}, { observed: { verdict: 'failed', status: 503 } }, { observed: { verdict: 'passed', status: 403 } }),
      );
      const { exitCode, json, stdout } = await compared(first, changed(), ...other);
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

    it('takes a verdict of a scenario for known only where its probes explain it', async () => {
      const worse = changed();
      const scenario = scenarioOf(worse as Results, 'PI-07');
      scenario.verdict = 'error';
      const { exitCode, json } = await compared(first, worse, ...deviations(entry()));
      expect(exitCode).to.equal(1);
      expect(differences(json)[0]).to.equal('PI-07 verdict: passed, error');
      const whole = {
        ...entry({}, { observed: { verdict: 'error' } }, { observed: { verdict: 'passed' } }),
        probe: undefined,
      };
      expect((await compared(first, worse, ...deviations(entry(), whole))).exitCode).to.equal(0);
    });

    it('applies them to the runs that they are about alone', async () => {
      for (const when of [
        { cluster: 'eks' },
        { cluster: 'kind', agentImage: 'agent:0.2*' },
        { nonsense: '*' },
        { cluster: 'kin' },
      ]) {
        const { exitCode, json } = await compared(first, changed(), ...deviations(entry({}, { when })));
        expect([exitCode, json.stale, json.summary.known], JSON.stringify(when)).to.deep.equal([1, [], 0]);
      }
      // Neither of two embedded runs is kind's.
      expect((await compared(first, second, ...deviations(entry()), '--strict')).exitCode).to.equal(0);
    });

    it('fails for one that no longer occurs with --strict alone', async () => {
      const { exitCode, stdout, markdown } = await compared(first, onKind(), ...deviations(entry()));
      expect(exitCode).to.equal(0);
      expect(stdout).to.contain('stale PI-07, probe 2: verdict, status, code');
      expect(markdown).to.contain('| PI-07 | 2 | verdict, status, code |');
      expect((await compared(first, onKind(), ...deviations(entry()), '--strict')).exitCode).to.equal(1);
    });

    it('says nothing of one whose scenario was not compared, or ended before its probes', async () => {
      const skipped = onKind((results) => (scenarioOf(results, 'PI-07').verdict = 'skipped'));
      expect((await compared(first, skipped, ...deviations(entry()), '--strict')).json.stale).to.deep.equal([]);
      const ended = onKind((results) => Object.assign(scenarioOf(results, 'PI-07'), { verdict: 'error', probes: [] }));
      expect((await compared(first, ended, ...deviations(entry()))).json.stale).to.deep.equal([]);
    });

    it('reads those that come with the project', () => {
      expect(shippedDeviations()).to.be.an('array');
    });

    const wrong: readonly (readonly [string, object | string, string])[] = [
      ['no object', [], 'it must be an object, not a list'],
      ['no list', { deviations: {} }, 'deviations must be a list, not an object'],
      ['another key', { deviation: [] }, 'it must not have "deviation": did you mean "deviations"?'],
      ['no YAML', 'a: [', 'is neither YAML nor JSON'],
      [
        'a misspelt key',
        { deviations: [entry({ reasons: 'x' })] },
        'deviations[0] must not have "reasons": did you mean "reason"?',
      ],
      ['no reason', { deviations: [entry({ reason: ' ' })] }, 'deviations[0].reason must be a text that is not empty'],
      [
        'no source',
        { deviations: [entry({ source: undefined })] },
        'deviations[0].source must be a text that is not empty, not missing',
      ],
      [
        'no scenario',
        { deviations: [entry({ scenario: 'pi-7' })] },
        'deviations[0].scenario must be the id of a scenario',
      ],
      [
        'probe 0',
        { deviations: [entry({ probe: 0 })] },
        'deviations[0].probe must be a whole number of at least 1, not 0',
      ],
      [
        'one side',
        { deviations: [entry({ sides: [entry().sides[0]] })] },
        'deviations[0].sides must be a list of two, not of 1',
      ],
      ['three sides', { deviations: [entry({ sides: [...entry().sides, entry().sides[0]] })] }, 'not of 3'],
      [
        'no condition',
        { deviations: [entry({}, { when: {} })] },
        'deviations[0].sides[0].when must name a fact of the run',
      ],
      [
        'a field that there is not',
        { deviations: [entry({}, { observed: { state: 1 } })] },
        'observed.state is no field: did you mean "status"?',
      ],
      [
        'a status in words',
        { deviations: [entry({}, { observed: { status: '500' } })] },
        'status must be a whole number of at least 0, not "500"',
      ],
      [
        'a verdict that there is not',
        { deviations: [entry({}, { observed: { verdict: 'bad' } })] },
        'verdict must be one of passed, failed',
      ],
      [
        'a field of one side',
        { deviations: [entry({}, { observed: { layer: 's3' } })] },
        'must say what each side observes of layer',
      ],
      ['no field', { deviations: [entry({}, { observed: {} })] }, 'observed must name a field'],
      [
        'no difference',
        { deviations: [entry({}, entry().sides[1])] },
        'observe the same verdict, which is no deviation',
      ],
      ['a status of a whole scenario', { deviations: [entry({ probe: undefined })] }, 'status needs a probe'],
    ];
    for (const [what, content, message] of wrong)
      it(`refuses a file with ${what}`, async () => {
        const path = file(content, 'mine.yaml');
        const { exitCode, stdout, stderr } = await command([file(first), file(second), '--deviations', path]);
        expect([exitCode, stdout]).to.deep.equal([2, '']);
        expect(stderr).to.contain(message).and.to.contain(path);
        expect(stderr.trimEnd().split('\n'), stderr).to.have.length(1);
      });
  });

  describe('refuses', () => {
    const damaged = (change: (results: Results) => void) => (): string[] => {
      const results = copy(second);
      change(results);
      return [file(first), file(results)];
    };
    const wrong: readonly (readonly [string, () => readonly string[], string])[] = [
      ['one file', () => [file(first)], 'Give two results.json files, not 1'],
      ['three files', () => [file(first), file(second), file(second)], 'not 3'],
      ['the same file twice', () => Array<string>(2).fill(file(first)), 'A and B are the same file'],
      ['an unknown flag', () => [file(first), file(second), '--quite'], "Unknown option '--quite'"],
      ['a flag without its value', () => [file(first), file(second), '--output'], '--output'],
      ['an empty path', () => [file(first), file(second), '--output='], '--output is empty'],
      [
        'a file that is missing',
        () => [file(first), '/nowhere/results.json'],
        '/nowhere/results.json cannot be read (there is no such file)',
      ],
      [
        'a folder without results',
        () => [file(first), temporaryFolder()],
        'results.json cannot be read (there is no such file)',
      ],
      ['what is no JSON', () => [file(first), file('<xml/>')], 'is no JSON'],
      ['an empty file', () => [file(first), file('')], 'is no JSON'],
      ['a list', () => [file(first), file([])], 'is no results.json: it has no version'],
      ['null', () => [file(first), file('null')], 'is no results.json'],
      [
        'another version',
        () => [file(first), file({ ...second, version: 2 })],
        'is results.json of version 2, and this program reads version 1',
      ],
      [
        'no scenarios',
        () => [file(first), file({ ...second, scenarios: undefined })],
        'is damaged: scenarios must be a list, not missing',
      ],
      [
        'an unknown verdict',
        damaged((r) => (scenarioOf(r, 'PI-01').verdict = 'great' as never)),
        'scenarios[0].verdict must be one of',
      ],
      [
        'probes that are none',
        damaged((r) => (scenarioOf(r, 'PI-01').probes = [7] as never)),
        'scenarios[0].probes[0] must be an object, not 7',
      ],
      [
        'a status in words',
        damaged((r) => (observedIn(r, 'PI-01', 0).status = '200' as never)),
        'observed.status must be a whole number',
      ],
      ['a scenario twice', damaged((r) => void r.scenarios.push(r.scenarios[0]!)), 'scenarios has PI-01 twice'],
      [
        'a pattern that is none',
        damaged((r) => (probeOf(r, 'PI-01', 1).expected['facts'] = { keys: { matches: '(' } })),
        'expected.facts.keys must be a value',
      ],
      [
        'an output that is a file',
        () => [file(first), file(second), '--output', file('x')],
        'give another with --output',
      ],
      [
        'an output below a file',
        () => [file(first), file(second), '--output', join(file('x'), 'y')],
        'give another with --output',
      ],
      [
        'deviations that are missing',
        () => [file(first), file(second), '--deviations', '/nowhere.yaml'],
        '/nowhere.yaml cannot be read',
      ],
    ];
    for (const [what, args, message] of wrong)
      it(what, async () => {
        const { exitCode, stdout, stderr } = await command(args());
        expect([exitCode, stdout], stderr).to.deep.equal([2, '']);
        expect(stderr)
          .to.match(/^compare: /)
          .and.to.contain(message);
        expect(stderr.trimEnd().split('\n'), stderr).to.have.length(1);
      });
  });

  describe('prints', () => {
    const changed = (): RunResults =>
      onKind((results) => {
        observedIn(results, 'PI-07', 1).status = 500;
        probeOf(results, 'PI-07', 1).reason = 'Denied | `by`\n\u001b[31m<b>s3</b>.';
      });

    it('its help', async () => {
      const { exitCode, stdout } = await command(['--help']);
      expect(exitCode).to.equal(0);
      expect(stdout).to.match(/^Usage: npm run compare -- /);
    });

    it('colours where it is told to, and none with NO_COLOR or --no-color', async () => {
      const [a, b] = [file(first), file(changed())];
      expect((await command([a, b])).stdout).not.to.contain('\u001b');
      expect((await command([a, b], { FORCE_COLOR: '1' })).stdout).to.contain('\u001b[31mDIFFERS\u001b[0m PI-07');
      expect((await command([a, b], { FORCE_COLOR: '1', NO_COLOR: '1' })).stdout).not.to.contain('\u001b');
      expect((await command([a, b, '--no-color'], { FORCE_COLOR: '1' })).stdout).not.to.contain('\u001b');
    });

    it('texts of others on one line and without effect', async () => {
      const { stdout, markdown } = await compared(first, changed());
      expect(stdout).to.contain('B: Denied | `by` [31m<b>s3</b>.\n');
      expect(markdown).to.contain('- B: Denied \\| \\`by\\` \\[31m\\<b\\>s3\\</b\\>.\n');
    });

    it('nothing into a folder that it was not told', async () => {
      const folder = temporaryFolder();
      const [a, b] = [join(folder, 'a.json'), join(folder, 'b.json')];
      writeFileSync(a, JSON.stringify(first));
      writeFileSync(b, JSON.stringify(second));
      await command([a, b]);
      expect(existsSync(join(folder, 'compare.json'))).to.equal(false);
    });

    it('which suites were not the same', async () => {
      const name = Object.keys(second.environment.digests).find((digest) => digest.startsWith('suites/'))!;
      const { stdout, json, exitCode } = await compared(
        first,
        onKind((results) => (results.environment.digests[name] = '0'.repeat(64))),
      );
      expect([exitCode, json.unlike]).to.deep.equal([0, [name]]);
      expect(stdout).to.contain(`Not built alike on both sides: ${name}.`);
    });
  });
});
