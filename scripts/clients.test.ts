import { readdirSync, readFileSync } from 'node:fs';
import { expect } from 'chai';
import type { Run } from '../harness/results/read-results.ts';
import { clientsPage, PAGE, reportOf } from './clients.ts';

const scenario = (id: string, verdict: string, reason: string, version?: string): object => ({
  id,
  suite: 'client',
  title: 'keys win',
  verdict,
  reason,
  probes: [{ observed: { facts: { 'credentials.requests': Number(version ?? 0) } } }],
  ...(version !== undefined && { client: { name: 'python', version } }),
});

const run = (scenarios: readonly object[], changes: object = {}): Run =>
  ({
    file: 'results.json',
    results: {
      run: { startedAt: '2026-11-26T10:00:00.000Z', error: null, interrupted: false },
      environment: { cluster: 'embedded', faults: [] },
      scenarios,
      ...changes,
    },
  }) as unknown as Run;

describe('npm run clients', () => {
  const text = readFileSync(PAGE, 'utf8');

  it('writes the result of each client, and the reason for each deviation', () => {
    const page = clientsPage(
      text,
      [
        run([scenario('CL-01.python-1', 'failed', 'It went to\nthe node.', '1')]),
        run([scenario('CL-01', 'passed', 'All is well.', '2')]),
      ],
      { 'client-red': 'CL-01', 'client-blue': 'CL-011' },
    );
    expect(page).to.contain('Found on 2026-11-26, on embedded clusters.');
    expect(page).to.match(/\| CL-01 keys win \| ✓ \| \*\*✗\*\* \|/);
    expect(page).to.match(/\| CL-01 keys win \| python 1 \| It went to the node\. \|/);
    expect(page).to.match(/\| python 1 \| \[AWS SDK for Python \(boto3\)\]\(https:.+\) \| +\| an SDK's \| 0 \| 1 \|/);
    expect(page).to.match(
      /\| CL-01 keys win \| requests to the agent \| \*\*2\*\*: python 2<br>\*\*1\*\*: python 1 \|/,
    );
    expect(page).to.match(/\| CL-01 keys win \| python 1 \| requests to the agent \| `client-red` \|/);
    expect(page).to.contain('1 of 1 behaviours distinguish at least two clients, versions or faults.');
    expect(clientsPage(page, [run([scenario('CL-01', 'passed', 'x', '2')])])).not.to.contain('the node.');
  });

  it('links the report of each deviation, or writes "not reported"', () => {
    const [, matrix = '', deviations = ''] = text.split(/^## Behaviour of each client|^## Deviations/m);
    const rowsOf = (part: string) => [...part.matchAll(/^\| (.+) \|$/gm)].map(([, row = '']) => row.split(/ *\| */));
    const [[, ...clients] = [], , ...behaviours] = rowsOf(matrix.split('\n## ')[0] ?? '');
    const reports = new Map(
      rowsOf(deviations).map(([behaviour, client, , report]) => [`${behaviour} ${client}`, report]),
    );
    const failed = behaviours.flatMap(([behaviour = '', ...cells]) =>
      clients.filter((_client, column) => cells[column] === '**✗**').map((client) => ({ behaviour, client })),
    );
    expect(failed.length).to.be.above(100);
    for (const { behaviour, client } of failed)
      expect(reports.get(`${behaviour} ${client}`), `${behaviour} ${client}`).to.equal(
        reportOf(client, behaviour.split(' ')[0] ?? ''),
      );
    expect(reportOf('python 1.34.40', 'CL-22')).to.equal(
      '[boto/botocore#3117](https://github.com/boto/botocore/issues/3117)',
    );
    expect(reportOf('python 1.44.8', 'CL-22')).to.equal('not reported');
  });

  it('lists every behaviour, and at least thirty that distinguish clients, versions or faults', () => {
    const folder = new URL('../suites/client/', import.meta.url);
    const suites = readdirSync(folder).filter((file) => file.endsWith('.ts'));
    const ids = suites.flatMap((file) => [
      ...readFileSync(new URL(file, folder), 'utf8').matchAll(/scenario\(\s*'(CL-\d+)'/g),
    ]);
    const [, apart = ''] = text.split('## What each behaviour distinguishes');
    const rows = [...(apart.split('\n## ')[0] ?? '').matchAll(/^\| (CL-\d+) .*$/gm)];
    expect(rows.map(([, id]) => id)).to.have.members(ids.map(([, id]) => id));
    const distinguishing = rows.filter(([row]) =>
      row
        .split('|')
        .slice(2)
        .some((cell) => cell.trim() !== ''),
    );
    expect(distinguishing).to.have.lengthOf.at.least(30);
  });

  for (const [what, given, problem] of [
    ['without clients', run([scenario('CL-01', 'passed', 'x')]), 'has no scenarios with a client'],
    [
      'with faults',
      run([scenario('CL-01', 'passed', 'x', '1')], { environment: { cluster: 'embedded', faults: ['one'] } }),
      'with faults',
    ],
  ] as const)
    it(`rejects a run ${what}`, () => {
      expect(() => clientsPage(text, [given])).to.throw(problem);
    });
});
