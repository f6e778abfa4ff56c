import { expect } from 'chai';
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Loosening } from '../../harness/results/loosening.ts';
import { runInProcess, temporaryFolder, type CliRun } from '../support/run-cli.ts';

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
    expect(first.stdout.replace(/\s+/g, ' ')).to.match(/SURVIVED: .* my-suites\/lib\/trust\.json:9 \[[0-9a-f]{10}\]/);
    expect(first.stdout).to.match(/the condition StringEquals\s+aws:RequestTag\/kubernetes-namespace\s+is\s+dropped/);
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

  it('judges changes within the organization of the scenario', async () => {
    const condition = { StringEquals: { 'aws:SourceVpce': 'vpce-1' } };
    const writes = { Effect: 'Allow', Action: 's3:PutObject', Resource: '*', Condition: condition };
    const reads = { Effect: 'Allow', Action: 's3:GetObject', Resource: '*' };
    const permissions = JSON.stringify({ Version: '2012-10-17', Statement: [reads, writes] }, undefined, 2);
    const statesWith = async (organization: string) => {
      const suite = SUITE.replace("[allow('s3:GetObject', 'data/*')]", 'permissions')
        .replace(
          'const trust',
          "const permissions = policyFile(new URL('./lib/permissions.json', import.meta.url));\nconst trust",
        )
        .replace('allow, ', 'deny, ')
        .replace("objects: ['data", `${organization}objects: ['data`);
      const { stdout, stderr } = await runInProcess({
        command: 'loosen',
        args: ['--quiet', '--format', 'json', '--operator', 'drop-condition'],
        files: { ...files(suite), 'lib/permissions.json': permissions },
      });
      expect(stdout, stderr).to.not.equal('');
      const { changes } = JSON.parse(stdout) as Loosening;
      return changes.filter(({ change }) => change.includes('SourceVpce')).map(({ state }) => state);
    };
    expect(await statesWith('')).to.not.deep.equal(['equivalent']);
    const scps = "{ DenyWrites: [deny('s3:PutObject', '*')] }";
    expect(await statesWith(`organization: { levels: [{ name: 'Root', scps: ${scps} }] }, `)).to.deep.equal([
      'equivalent',
    ]);
  });

  it('calls a change equivalent only after all uses of its policy', async () => {
    const trust = TRUST.replace(
      '"aws:RequestTag/kubernetes-namespace": "<namespace:payments>"',
      '"aws:SourceAccount": "<account:main>"',
    );
    const copies = SUITE.replace("  scenario('LED-01'", "  for (let id = 1; id <= 4; id += 1) scenario('LED-0' + id");
    const { stdout } = await runInProcess({
      command: 'loosen',
      args: ['--quiet', '--format', 'json', '--operator', 'drop-condition'],
      files: { 'ledger.ts': copies, 'lib/trust.json': trust },
    });
    const { score, changes } = JSON.parse(stdout) as Loosening;
    expect(changes.map(({ operator, state }) => [operator, state])).to.deep.equal([['drop-condition', 'equivalent']]);
    expect(score).to.equal(100);
  });

  it('leaves out ignored changes, warns of other entries, and reports new survivors since an earlier output', async () => {
    const json = await loosen(SUITE, '--format', 'json');
    const { changes } = JSON.parse(json.stdout) as Loosening;
    const open = changes.filter(({ state }) => state === 'survived' || state === 'unreachable');
    const entries = open.map(({ id }) => ({ change: id, until: '2999-12-31', reason: 'accepted' }));
    const folder = temporaryFolder();
    const [ignored, older, empty] = ['ignored.json', 'older.json', 'empty.json'].map((name) => join(folder, name));
    const gone = { change: 'gone', until: '2999-12-31', reason: 'x' };
    writeFileSync(ignored!, JSON.stringify({ allowed: [...entries, gone] }));
    writeFileSync(older!, json.stdout);
    writeFileSync(empty!, JSON.stringify({ changes: [] }));
    const accepted = await runInProcess({ command: 'loosen', args: ['--ignore', ignored!], files: files() });
    expect(accepted.stdout).to.match(new RegExp(`^Score .*${open.length} ignored`, 's'));
    expect(accepted.stderr).to.include('Ignored change gone does not exist. Remove it.');
    const same = await loosen(SUITE, '--since', older!);
    expect([same.exitCode, same.stdout]).to.satisfy(
      ([code, text]: [number, string]) => code === 0 && /^Score/.test(text),
    );
    expect((await loosen(SUITE, '--since', empty!)).exitCode).to.equal(1);
  });

  it('prints SARIF, and refuses unknown operators and commits', async () => {
    const { stdout } = await loosen(SUITE, '--format', 'sarif', '--operator', 'drop-condition');
    const { runs } = JSON.parse(stdout) as { runs: { results: { ruleId: string; locations: object[] }[] }[] };
    expect(runs[0]?.results.map(({ ruleId }) => ruleId)).to.deep.equal(['drop-condition']);
    const unknown = await loosen(SUITE, '--operator', 'drop-conditions');
    expect([unknown.exitCode, unknown.stderr]).to.satisfy(
      ([code, text]: [number, string]) => code === 2 && text.includes('did you mean "drop-condition"'),
    );
    const commit = await loosen(SUITE, '--changed-since', 'no-such-commit');
    expect(commit.exitCode, commit.stderr).to.equal(2);
  });

  it('changes the session policy of a chain, and proposes a probe with it', async () => {
    const suite = `import { allow, chain, getObject, granted, podIdentityRole, suite } from 'eks-pod-identity-conformance';

suite('ledger', ({ scenario }) => {
  scenario('LED-01', 'the ledger reads a folder through a role', {
    roles: {
      app: podIdentityRole(allow(['sts:AssumeRole', 'sts:TagSession'], '<role:target>')),
      target: {
        trust: [{ effect: 'Allow', actions: ['sts:AssumeRole', 'sts:TagSession'], principal: { AWS: '<role:app>' } }],
        permissions: [allow('s3:*', ['data', 'data/*'])],
      },
    },
    workloads: { app: { role: 'app' } },
    objects: ['data/in/a'],
    probes: [granted('app', getObject('data/in/a', { through: chain('target', { policy: [allow('s3:GetObject', 'data/in/*')] }) }))],
  });
});
`;
    const run = (text: string, ...args: string[]): Promise<CliRun> =>
      runInProcess({
        command: 'loosen',
        args: ['--quiet', '--inline', '--format', 'json', '--operator', 'parent-resource', ...args],
        files: { 'ledger.ts': text },
      });
    const ofChain = ({ stdout, stderr }: CliRun): readonly string[] => {
      expect(stderr).to.not.match(/error/i);
      const { changes } = JSON.parse(stdout) as Loosening;
      return changes.flatMap(({ change, state }) => (/in\/\*\b|in\/\* becomes/.test(change) ? state : []));
    };
    const unnoticed = await run(suite, '--write');
    expect(ofChain(unnoticed)).to.deep.equal(['survived']);
    const added = readFileSync(join(unnoticed.directory, 'my-suites', 'ledger.ts'), 'utf8');
    expect(ofChain(await run(added))).to.deep.equal(['killed']);
  });

  it('asks about buckets in the account of each role, and knows the accounts of buckets and the values of keys', async () => {
    const suite = `import { allow, chain, forPrincipal, getObject, granted, podIdentityRole, suite, trustRole } from 'eks-pod-identity-conformance';

suite('ledger', ({ scenario }) => {
  scenario('LED-01', 'two accounts read', {
    roles: {
      app: podIdentityRole(allow(['sts:AssumeRole', 'sts:TagSession'], '<role:far>'), allow('s3:GetObject', 'theirs/reports/*')),
      far: { account: 'other', trust: [trustRole('app')], permissions: [allow('s3:GetObject', 'ours/a')] },
    },
    workloads: { app: { role: 'app' } },
    buckets: {
      ours: { policy: [forPrincipal('<role:far>', allow('s3:GetObject', 'ours/a'))] },
      theirs: { account: 'other', policy: [forPrincipal('<role:app>', allow('s3:GetObject', 'theirs/reports/a'))] },
    },
    keys: { ledger: { policy: [forPrincipal('<role:app>', allow('kms:Decrypt', '*', { StringEquals: { 'kms:KeySpec': 'SYMMETRIC_DEFAULT' } }))] } },
    objects: ['ours/a', 'theirs/reports/a'],
    probes: [granted('app', getObject('theirs/reports/a')), granted('app', getObject('ours/a', { through: chain('far') }))],
  });
});
`;
    const operators = ['any-resource', 'parent-resource', 'drop-condition'].flatMap((id) => ['--operator', id]);
    const { stdout, stderr } = await runInProcess({
      command: 'loosen',
      args: ['--quiet', '--inline', '--format', 'json', ...operators],
      files: { 'ledger.ts': suite },
    });
    expect(stderr).to.not.match(/error/i);
    const { changes } = JSON.parse(stdout) as Loosening;
    const statesOf = (pattern: RegExp) => changes.flatMap(({ change, state }) => (pattern.test(change) ? state : []));
    // The other account's further buckets.
    expect(statesOf(/Resource becomes \*/)).to.not.include('equivalent');
    expect(statesOf(/theirs[^ ]*\/reports\/\* becomes/)).to.deep.equal(['equivalent']);
    expect(statesOf(/kms:KeySpec is dropped/)).to.deep.equal(['equivalent']);
  });

  it('judges pairs of changes that matter together with --pairs', async () => {
    const suite = `import { allow, getObject, granted, podIdentityRole, suite } from 'eks-pod-identity-conformance';

suite('ledger', ({ scenario }) => {
  scenario('LED-01', 'the ledger reads a folder within its boundary', {
    roles: { app: { ...podIdentityRole(allow('s3:GetObject', 'data/in/*')), boundary: [allow('s3:*', 'data/in/*')] } },
    workloads: { app: { role: 'app' } },
    objects: ['data/in/a'],
    probes: [granted('app', getObject('data/in/a'))],
  });
});
`;
    const args = ['--quiet', '--inline', '--format', 'json', '--operator', 'parent-resource'];
    const states = async (...more: string[]): Promise<readonly string[]> => {
      const { stdout } = await runInProcess({
        command: 'loosen',
        args: [...args, ...more],
        files: { 'ledger.ts': suite },
      });
      return (JSON.parse(stdout) as Loosening).changes.map(
        ({ id, state }) => `${state}${id.includes('+') ? ' pair' : ''}`,
      );
    };
    expect(await states()).to.deep.equal(['equivalent', 'equivalent']);
    expect(await states('--pairs')).to.deep.equal(['equivalent', 'equivalent', 'survived pair']);
  });

  it('changes only the policy files that differ from a commit with --changed-since', async () => {
    const changesOf = async (trust: string): Promise<Loosening['changes']> => {
      const directory = temporaryFolder();
      const git = (...words: string[]): unknown =>
        execFileSync('git', ['-c', 'user.name=a', '-c', 'user.email=a@example.com', ...words], { cwd: directory });
      mkdirSync(join(directory, 'my-suites', 'lib'), { recursive: true });
      writeFileSync(join(directory, 'my-suites', 'lib', 'trust.json'), TRUST);
      git('init', '--quiet');
      git('add', '.');
      git('commit', '--quiet', '--message', 'policies');
      const args = ['--quiet', '--format', 'json', '--operator', 'drop-condition', '--changed-since', 'HEAD'];
      const policies = { 'ledger.ts': SUITE, 'lib/trust.json': trust };
      const { stdout, stderr } = await runInProcess({ command: 'loosen', args, directory, files: policies });
      expect(stdout, stderr).to.match(/^\{/);
      return (JSON.parse(stdout) as Loosening).changes;
    };
    expect(await changesOf(TRUST)).to.deep.equal([]);
    expect(await changesOf(TRUST.replace('"StringEquals"', '"StringLike"'))).to.have.length(1);
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
