import { expect } from 'chai';
import {
  command,
  compared,
  comparedRuns,
  copy,
  differences,
  file,
  observedIn,
  probeOf,
  scenarioOf,
  type Results,
} from '../../test/support/comparison.ts';

describe('npm run compare', () => {
  const runs = comparedRuns();
  const { onKind } = runs;

  it('compares two versions of a client in one run', async () => {
    const both = copy(runs.first);
    const one = { ...scenarioOf(both, 'PI-01'), id: 'PI-01.python-1', client: { name: 'python', version: '1' } };
    const other = { ...structuredClone(one), id: 'PI-01.python-2', client: { name: 'python', version: '2' } };
    other.verdict = 'failed';
    both.scenarios = [one, other];
    for (const [{ id }, facts] of [
      [one, { quotesError: true }],
      [other, { quotesError: false }],
    ] as const) {
      probeOf(both, id, 0).operation = 'RunClient';
      observedIn(both, id, 0).facts = facts;
    }
    const path = file(both);
    const { json, stdout } = await compared(`${path}#python@1`, `${path}#python@2`);
    expect(differences(json)).to.deep.equal([
      'PI-01 verdict: passed, failed',
      'PI-01 1 facts.quotesError: true, false',
    ]);
    expect(stdout).to.contain('client python@2');
    const refused = await command([`${path}#python`, `${path}#go`]);
    expect([refused.exitCode, refused.stderr]).to.deep.equal([
      2,
      `${path} has several versions of client python: give one of python@1, python@2.\n`,
    ]);
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
        'a scenario that ended in an error',
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
      ['a missing layer', (r) => void delete observedIn(r, 'PI-07', 1).layer, ['PI-07 2 layer: s3, null']],
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
      ['a missing identity', (r) => void delete observedIn(r, 'PI-03', 0).identity, ['PI-03 1 identity: node, null']],
      ['an expected fact', (r) => (observedIn(r, 'WH-03', 0).facts!['pods'] = 19), ['WH-03 1 facts.pods: 20, 19']],
      [
        'a fact that is expected to be absent',
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
        'the operation of a probe',
        (r) => Object.assign(probeOf(r, 'PI-07', 1), { operation: 'DeleteObject s3://x', workload: null }),
        ['PI-07 2 operation: app: PutObject, harness: DeleteObject'],
      ],
    ];
    for (const [what, change, expected] of changes)
      it(what, async () => {
        const { exitCode, json, stdout } = await compared(runs.first, onKind(change));
        expect(differences(json)).to.deep.equal(expected);
        expect(exitCode).to.equal(1);
        expect(stdout).to.match(
          /\n11 scenarios compared: 10 same, 1 differ \(0 known\), 0 only on one side or skipped\n$/,
        );
        // The reverse comparison has the same summary.
        expect((await compared(onKind(change), runs.first)).json.summary).to.deep.equal(json.summary);
      });

    it('a fact outside its range', async () => {
      const name = 'podIdentityVolume.expirationSeconds';
      const range = onKind((results) => (observedIn(results, 'WH-01', 0).facts![name] = 600));
      const { json } = await compared(runs.first, range);
      expect(differences(json)).to.deep.equal([
        `WH-01 1 facts.${name}: ${String(probeOf(copy(runs.first), 'WH-01', 0).observed?.facts?.[name])}, 600`,
      ]);
    });
  });

  describe('finds no difference in', () => {
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
        'the names of a further attempt',
        (r) =>
          (observedIn(r, 'PI-07', 0).identity!.arn =
            `arn:aws:sts::111122223333:assumed-role/${r.run.id}-pi-07-0002-app/s`),
      ],
      ['a fact without an expectation', (r) => (observedIn(r, 'WH-01', 0).facts!['app.env.AWS_REGION'] = 'eu-west-1')],
      [
        'a fact within its range',
        (r) => (observedIn(r, 'WH-01', 0).facts!['podIdentityVolume.expirationSeconds'] = 79_200),
      ],
      [
        'the account in an expected fact',
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
        const { exitCode, json } = await compared(runs.first, changed);
        expect(differences(json)).to.deep.equal([]);
        expect(exitCode).to.equal(0);
      });
  });
});
