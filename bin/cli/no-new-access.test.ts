import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect } from 'chai';
import { newAccessSchema } from '../../identity/new-access/report-schema.ts';
import { PAIRS } from '../../test/no-new-access/pairs.ts';
import { folder, terraformPlan, type World } from '../../test/no-new-access/worlds.ts';
import { executed, type Executed } from '../../test/support/executed.ts';
import { temporaryFolder } from '../../test/support/run-cli.ts';

const run = (...argv: readonly string[]): Promise<Executed> => executed('no-new-access', [...argv, '--no-color']);
const written = (root: string, files: Readonly<Record<string, string>>): string => {
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  }
  return root;
};
const pairOf = (name: string) => PAIRS.find((one) => one.name === name)!;
const planOf = (name: string, change: (text: string) => string = (text) => text): string => {
  const { before, after } = pairOf(name);
  const text = change(JSON.stringify(terraformPlan(before, after), undefined, 1));
  return join(written(temporaryFolder(), { 'plan.json': text }), 'plan.json');
};
const foldersOf = ({ before, after }: { before: World; after: World }): string[] =>
  [before, after].flatMap((world, side) => [
    side === 0 ? '--before' : '--after',
    written(temporaryFolder(), folder(world)),
  ]);
const ADDED = 'an action is added';

describe('no-new-access', () => {
  it('reports a newly allowed request of a plan with its statement and place', async () => {
    const plan = planOf(ADDED);
    const { code, out } = await run('--after', plan);
    expect(out).to.match(/Newly allowed: 1\n {2}payments\/ledger in cluster production\n/);
    expect(out).to.match(
      /may s3:PutObject on arn:aws:s3:::example-ledger\/\S+\n {6}aws_iam_role_policy\.app_permissions, statement 1/,
    );
    expect(out).to.match(/plan\.json:\d+\)/);
    expect(out).to.contain('are assumed the same before and after');
    expect(code).to.equal(1);
  });

  it('decides both sides within --organization, and names the unread policies without it', async () => {
    const statement = { Effect: 'Deny', Action: 's3:PutObject', Resource: '*' };
    const properties = { Name: 'DenyWrites', Type: 'SERVICE_CONTROL_POLICY', Content: { Statement: statement } };
    const template = { Resources: { Guard: { Type: 'AWS::Organizations::Policy', Properties: properties } } };
    const file = join(written(temporaryFolder(), { 'scp.json': JSON.stringify(template) }), 'scp.json');
    const within = await run('--after', planOf(ADDED), '--organization', file);
    expect(within.out).to.match(/Newly allowed: 0\n[^]*The policies of the given organization/);
    expect(within.code).to.equal(0);
    const without = await run('--after', planOf(ADDED));
    expect(without.out).to.match(
      /Service and resource control policies, which were not read and can only take access away/,
    );
    expect(without.code).to.equal(1);
    const none = await run('--after', planOf(ADDED), '--no-organization');
    expect(none.out).to.not.match(/control policies/);
    expect(none.code).to.equal(1);
  });

  it('exits with 0 if access ends, and reports what ends', async () => {
    const { code, out } = await run('--after', planOf('an action is removed'));
    expect(out).to.match(/Newly allowed: 0\nNewly denied: 1\n.*\n.*may no longer s3:PutObject/);
    expect(code).to.equal(0);
  });

  for (const [what, change, reason] of [
    [
      'a policy is known only after apply',
      afterApply,
      /aws_iam_role_policy\.app_permissions\.policy is known only after apply/,
    ],
    ['a resource that is not read is new', withGrant, /aws_kms_grant\.a is not compared/],
    [
      'a service control policy of the files changes',
      withServiceControlPolicy,
      /aws_organizations_policy\.a is not compared/,
    ],
    ['IAM rejects a policy', (text: string) => text.replaceAll('s3:PutObject', 's3 PutObject'), /IAM rejects a policy/],
  ] as const)
    it(`exits with 3 if ${what}`, async () => {
      const { code, out } = await run('--after', planOf(ADDED, change));
      expect(out)
        .to.match(/^Not decided, could be new: \d/)
        .and.match(reason);
      expect(code).to.equal(3);
    });

  it('reads commits of git, and leaves no file behind', async () => {
    const root = temporaryFolder();
    const { before, after } = pairOf('iam:PassRole for all roles');
    const git = (...args: string[]): void => {
      const identity = ['-c', 'user.name=a', '-c', 'user.email=a@example.com', '-c', 'commit.gpgsign=false'];
      const { status, stderr } = spawnSync('git', [...identity, ...args], { cwd: root, encoding: 'utf8' });
      if (status !== 0) throw new Error(stderr);
    };
    git('init', '-q', '-b', 'main');
    for (const world of [before, after]) {
      written(join(root, 'iam'), folder(world));
      git('add', '-A');
      git('commit', '-q', '-m', 'a');
    }
    const directory = process.cwd();
    process.chdir(root);
    try {
      const { code, out } = await run('--before', 'git:HEAD~1:iam', '--after', 'iam');
      expect(out)
        .to.match(/may iam:PassRole on /)
        .and.match(/roles\/app\/permissions\.json, statement 1 \(roles\/app\/permissions\.json:1\)/);
      expect(code).to.equal(1);
      expect(await run('--before', 'git:HEAD', '--after', 'git:HEAD')).to.include({ code: 0 });
      const bad = await run('--before', 'git:nope', '--after', 'iam');
      expect(bad).to.include({ code: 2 });
      expect(bad.err).to.match(/^git cannot read nope: .*fetch/);
    } finally {
      process.chdir(directory);
    }
  });

  it('accepts access that a file lists, until its end, and only as far as the entry goes', async () => {
    const accepted = (more: Readonly<Record<string, string>>): string => {
      const entry = {
        role: 'app',
        action: 's3:*',
        resource: 'arn:aws:s3:::example-ledger/*',
        until: '2999-12-31',
        reason: 'Known.',
      };
      return join(
        written(temporaryFolder(), { 'a.json': JSON.stringify({ allowed: [{ ...entry, ...more }] }) }),
        'a.json',
      );
    };
    const plan = planOf(ADDED);
    const ask = async (more: Readonly<Record<string, string>>) => run('--after', plan, '--accept', accepted(more));
    expect(await ask({})).to.include({ code: 0 });
    expect(await ask({ role: 'payments/ledger' })).to.include({ code: 0 });
    expect((await ask({})).out).to.match(/Newly allowed, accepted: 1/);
    expect(await ask({ until: '2020-01-31' })).to.include({ code: 1 });
    expect((await ask({ until: '2020-01-31' })).out).to.match(/allowed\[0\] .* ended on 2020-01-31/);
    for (const narrow of [
      { action: 's3:PutObject' },
      { resource: 'arn:aws:s3:::example-ledger/a/*' },
      { role: 'other' },
    ])
      expect(await ask(narrow)).to.include({ code: 1 });
    expect((await ask({ role: 'other' })).out).to.match(/covers no new access\. Remove it/);
    expect((await ask({ until: 'soon' })).err).to.match(/a date such as 2026-12-31/);
  });

  it('prints JSON of its schema, a Markdown table, and SARIF with the place in the file', async () => {
    const plan = planOf(ADDED);
    const print = async (format: string): Promise<string> => (await run('--after', plan, '--format', format)).out;
    const report = newAccessSchema.parse(JSON.parse(await print('json')));
    expect(report.newlyAllowed[0]).to.include({ action: 's3:PutObject', statement: 1 });
    expect(await print('markdown')).to.match(/^## New access\n\n### Newly allowed: 1\n\n\| who \| request \| by \|/);
    const { runs } = JSON.parse(await print('sarif')) as {
      runs: { results: { locations: { physicalLocation: object }[] }[] }[];
    };
    expect(runs[0]?.results[0]?.locations[0]?.physicalLocation)
      .to.have.nested.property('region.startLine')
      .greaterThan(1);
  });

  it('prints ten groups, then how many there are more', async () => {
    const { before, after } = pairOf(ADDED);
    const many = ({ roles }: World): World => ({
      roles: Object.fromEntries(Array.from({ length: 12 }, (_, index) => [`app-${index}`, roles!['app']!])),
    });
    const { out } = await run(...foldersOf({ before: many(before), after: many(after) }));
    expect(out).to.contain('Newly allowed: 12').and.contain('… and 2 groups more');
  });

  for (const [what, argv, sentence] of [
    ['no side', [], /Give the changed state with --after/],
    ['only a folder', ['--after', 'examples/cloudformation'], /Give the present state with --before/],
    ['a missing file', ['--before', 'none', '--after', 'none'], /none cannot be read \(there is no such/],
    ['files without access', ['--before', 'LICENSE', '--after', 'LICENSE'], /LICENSE has no policy/],
  ] as const)
    it(`rejects ${what} in one sentence`, async () => {
      const { code, err } = await run(...argv);
      expect(err)
        .to.match(sentence)
        .and.match(/^[^\n]*\n$/);
      expect(code).to.equal(2);
    });

  it('names the probe of suites that notices the change', async () => {
    const [before, suites] = ['examples/terraform/plan.json', ['--suites-dir', 'examples/terraform']] as const;
    const text = readFileSync(before, 'utf8').replaceAll('${aws:PrincipalTag/kubernetes-namespace}/*', '*');
    const after = join(written(temporaryFolder(), { 'plan.json': text }), 'plan.json');
    const { code, out } = await run('--before', before, '--after', after, ...suites);
    expect(out).to.match(/aws_iam_role_policy\.read, statement 1 "OwnNamespace" .*\n +noticed by TF-01 probe 2\n/);
    expect(code).to.equal(1);
  });
});

function afterApply(text: string): string {
  const plan = JSON.parse(text) as {
    planned_values: { root_module: { resources: { type: string; values: object }[] } };
  };
  const { resources } = plan.planned_values.root_module;
  const policy = resources.find(({ type }) => type === 'aws_iam_role_policy')!;
  policy.values = { name: 'permissions', role: 'app' };
  const changes = [{ address: 'aws_iam_role_policy.app_permissions', change: { after_unknown: { policy: true } } }];
  return JSON.stringify({ ...plan, resource_changes: changes });
}

function withServiceControlPolicy(): string {
  const { before } = pairOf(ADDED);
  const policy = { name: 'a', type: 'SERVICE_CONTROL_POLICY', content: '{}' };
  return JSON.stringify(terraformPlan(before, { ...before, more: { 'aws_organizations_policy.a': policy } }));
}

function withGrant(): string {
  const { before } = pairOf(ADDED);
  return JSON.stringify(terraformPlan(before, { ...before, more: { 'aws_kms_grant.a': { grantee_principal: 'a' } } }));
}
