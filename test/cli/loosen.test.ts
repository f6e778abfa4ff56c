import { expect } from 'chai';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Loosening } from '../../harness/results/loosening.ts';
import { runInProcess, type CliRun } from '../support/run-cli.ts';

const TRUST = `{
  "Version": "2012-10-17",
  "Statement": [
    {
      "Effect": "Allow",
      "Principal": { "Service": "pods.eks.amazonaws.com" },
      "Action": ["sts:AssumeRole", "sts:TagSession"],
      "Condition": {
        "StringEquals": { "aws:RequestTag/kubernetes-namespace": "<namespace:payments>" }
      }
    }
  ]
}
`;

const SUITE = `import { allow, getObject, granted, policyFile, suite } from 'eks-pod-identity-conformance';

const trust = policyFile(new URL('./lib/trust.json', import.meta.url));

suite('ledger', ({ scenario }) => {
  scenario('LED-01', 'the ledger reads its entries', {
    roles: { ledger: { trust, permissions: [allow('s3:GetObject', 'data/*')] } },
    workloads: { ledger: { namespace: 'payments', serviceAccount: 'ledger', role: 'ledger' } },
    objects: ['data/entries'],
    probes: [granted('ledger', getObject('data/entries'))],
  });
});
`;

const files = (suite = SUITE) => ({ 'ledger.ts': suite, 'lib/trust.json': TRUST });

describe('loosen', () => {
  const loosen = (suite: string, ...args: readonly string[]): Promise<CliRun> =>
    runInProcess({ command: 'loosen', args: [...args, '--quiet'], files: files(suite) });
  let first: CliRun;
  let written: string;
  before(async () => {
    first = await loosen(SUITE, '--write', '--min-score', '50');
    written = readFileSync(join(first.directory, 'my-suites', 'ledger.ts'), 'utf8');
  });

  it('shows a survivor with file, line, sentence and probe, and exits with 1 below --min-score', () => {
    expect(first.exitCode, first.stderr).to.equal(1);
    expect(first.stdout).to.include('SURVIVED my-suites/lib/trust.json:9');
    expect(first.stdout).to.match(/the condition StringEquals\s+aws:RequestTag\/kubernetes-namespace is\s+dropped/);
    expect(first.stdout).to.match(/Pods of service account `ledger` in every namespace get the role\s+`ledger`\./);
    expect(readFileSync(join(first.reportDirectory, 'loosen', 'report.html'), 'utf8')).to.include('refused(');
    expect(first.stdout).to.match(/refused\('ledger-in-[^']+', fetchCredentials\(\), \{ by: 'eks-auth'/);
  });

  it('adds probes with --write that pass, and notice the changes of the condition', async () => {
    expect(first.stderr).to.match(/Added \d+ probes? to my-suites\/ledger\.ts\. Run loosen again/);
    const { exitCode, stdout, stderr } = await loosen(written, '--format', 'json');
    expect(exitCode, `${stderr}\n${written}`).to.equal(0);
    const { changes } = JSON.parse(stdout) as { changes: { operator: string; change: string; state: string }[] };
    const ofCondition = changes.filter(({ change }) => change.includes('kubernetes-namespace'));
    expect(ofCondition.map(({ operator }) => operator)).to.include.members([
      'drop-condition',
      'like-prefix',
      'if-exists',
    ]);
    expect(ofCondition.filter(({ state }) => state === 'survived')).to.deep.equal([]);
  });

  it('counts changes that break all probes apart', async () => {
    const { stdout } = await loosen(SUITE, '--format', 'json');
    const { changes } = JSON.parse(stdout) as { changes: { operator: string; state: string }[] };
    const lost = changes.filter(({ operator }) => operator === 'lose-tag-session');
    expect(lost.map(({ state }) => state)).to.deep.equal(['invalid']);
    expect(first.stdout.replace(/\s+/g, ' ')).to.include('1 invalid because every probe fails');
    const more = SUITE.replace('ledger: { trust', "free: podIdentityRole(allow('s3:*', '*')), ledger: { trust")
      .replace('workloads: {', "workloads: { free: { serviceAccount: 'free', role: 'free' },")
      .replace('probes: [', "probes: [granted('free', getObject('data/entries')), ")
      .replace('policyFile,', 'podIdentityRole, policyFile,');
    const { stdout: json, stderr } = await loosen(more, '--format', 'json');
    const { changes: judged } = JSON.parse(json || stderr) as { changes: { operator: string; state: string }[] };
    expect(judged.find(({ operator }) => operator === 'lose-tag-session')?.state).to.equal('killed');
  });

  it('calls no change equivalent if it did not search all uses', async () => {
    const trust = TRUST.replace(
      '"aws:RequestTag/kubernetes-namespace": "<namespace:payments>"',
      '"aws:SourceAccount": "<account:main>"',
    );
    const copies = (count: number): string =>
      SUITE.replace("  scenario('LED-01'", `  for (let id = 1; id <= ${count}; id += 1) scenario('LED-0' + id`);
    const stateOf = async (count: number) => {
      const run = await runInProcess({
        command: 'loosen',
        args: ['--quiet', '--format', 'json'],
        files: { 'ledger.ts': copies(count), 'lib/trust.json': trust },
      });
      const { score, changes } = JSON.parse(run.stdout) as Loosening;
      const dropped = changes.find(({ operator }) => operator === 'drop-condition');
      return { score, state: dropped?.state, sentence: dropped?.sentence, reason: dropped?.reason };
    };
    expect(await stateOf(3)).to.include({ state: 'equivalent' });
    expect(await stateOf(4)).to.deep.equal({
      score: 0,
      state: 'unknown',
      sentence: 'no difference found in 3 of 4 uses',
      reason: 'at most 3 uses are searched',
    });
  });

  it('does not judge suites that fail without changes', async () => {
    const { exitCode, stderr } = await loosen(SUITE.replace("getObject('data/entries')", "getObject('data/other')"));
    expect(exitCode).to.equal(1);
    expect(stderr).to.include('LED-01 does not pass without changes');
  });
});

describe('loosen of a condition on the request context', () => {
  const suite = `import { allow, denied, getObject, granted, podIdentityRole, suite } from 'eks-pod-identity-conformance';

suite('perimeter', ({ scenario }) => {
  scenario('VPC-01', 'the ledger reads its entries through the VPC endpoint', {
    roles: { ledger: podIdentityRole(allow('s3:GetObject', 'data/*', { StringLike: { 'aws:SourceVpce': 'vpce-01*' } })) },
    workloads: { ledger: { serviceAccount: 'ledger', role: 'ledger', context: { 'aws:SourceVpce': 'vpce-0123' } } },
    objects: ['data/entries'],
    probes: [granted('ledger', getObject('data/entries'))],
  });
});
`;
  const loosen = (text: string, ...args: readonly string[]): Promise<CliRun> =>
    runInProcess({ command: 'loosen', args: ['--inline', ...args, '--quiet'], files: { 'perimeter.ts': text } });

  it('proposes pods with another context, whose probes pass and notice the change', async () => {
    const { stdout, directory } = await loosen(suite, '--write');
    expect(stdout.replace(/\s+/g, ' ')).to.match(/with the request context \{.*\} may read `data\/entries`/);
    const written = readFileSync(join(directory, 'my-suites', 'perimeter.ts'), 'utf8');
    expect(written).to.match(/'ledger-[^']+': \{[^}]*context: \{/);
    const { stdout: json, stderr } = await loosen(written, '--format', 'json');
    const { changes } = JSON.parse(json) as { changes: { change: string; state: string }[] };
    const ofCondition = changes.filter(({ change }) => /SourceVpce/.test(change));
    expect(ofCondition, `${stderr}\n${written}`).to.have.length.above(1);
    expect(ofCondition.filter(({ state }) => state === 'survived')).to.deep.equal([]);
  });
});

describe('policy coverage', () => {
  it('names the condition that no probe tests, and exits with 1 below --min-policy-coverage', async () => {
    const { exitCode, stderr } = await runInProcess({
      args: ['--suite', 'ledger', '--min-policy-coverage', '100'],
      files: files(),
    });
    expect(exitCode, stderr).to.equal(1);
    expect(stderr.replace(/\s+/g, ' ')).to.include(
      'but --min-policy-coverage requires 100 %. Add probes for the parts that are not tested.',
    );
    expect(stderr.replace(/\s+/g, ' ')).to.include(
      'Not tested: my-suites/lib/trust.json:9, statement 1, condition aws:RequestTag/kubernetes-namespace: removing it changes no probe.',
    );
  });

  it('passes with --min-policy-coverage 0', async () => {
    const { exitCode, stdout } = await runInProcess({
      args: ['--suite', 'ledger', '--min-policy-coverage', '0'],
      files: files(),
    });
    expect(exitCode, stdout).to.equal(0);
  });
});
