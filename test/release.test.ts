import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { parse } from 'yaml';
import { ensureBuilt, temporaryFolder } from './support/run-cli.ts';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const text = (path: string): string => readFileSync(join(root, path), 'utf8');
const workflows = ['.github/workflows', 'examples/starter/.github/workflows'].flatMap((folder) =>
  readdirSync(join(root, folder)).map((file) => `${folder}/${file}`),
);

interface Action {
  readonly inputs: Readonly<Record<string, { readonly default: string }>>;
  readonly runs: { readonly steps: readonly { readonly id?: string; readonly run?: string }[] };
}

describe('workflows and action.yml', () => {
  for (const file of [...workflows, 'action.yml'])
    it(`${file} pins actions by commit, with the version in a comment`, () => {
      const uses = [...text(file).matchAll(/uses: (.*)/g)].map(([, used = '']) => used);
      for (const used of uses) expect(used).to.match(/^[\w/-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/);
    });
});

interface Workflow {
  readonly jobs: Readonly<
    Record<
      string,
      { readonly 'runs-on'?: string; readonly steps: readonly { readonly uses?: string; readonly run?: string }[] }
    >
  >;
}

describe('workflows on pages', () => {
  const blocks = readdirSync(join(root, 'docs'))
    .filter((file) => file.endsWith('.md'))
    .flatMap((file) =>
      [...text(`docs/${file}`).matchAll(/```yaml\n(jobs:\n[\s\S]*?)```/g)].map(
        ([, block = '']) => [file, block] as const,
      ),
    );
  it('say where each job runs, and check out what their commands need', () => {
    expect(blocks).to.have.length.greaterThan(0);
    for (const [file, block] of blocks)
      for (const [name, { 'runs-on': place, steps }] of Object.entries((parse(block) as Workflow).jobs)) {
        expect(place, `${file}: ${name}`).to.be.a('string');
        const first = steps.findIndex(({ run }) => run?.includes('npm ci'));
        const checkout = steps.findIndex(({ uses }) => uses?.startsWith('actions/checkout@'));
        if (first !== -1) expect(checkout, `${file}: ${name}`).to.be.within(0, first);
      }
  });
});

/** Tests the action's step that runs suites, started like on a GitHub runner. */
describe('action.yml', () => {
  before(ensureBuilt);
  const { inputs, runs } = parse(text('action.yml')) as Action;
  const scriptOf = (step: string): string => runs.steps.find(({ id }) => id === step)?.run ?? '';

  function act(given: Readonly<Record<string, string>>, script = scriptOf('run')) {
    const folder = temporaryFolder();
    cpSync(join(root, 'examples', 'my-suites'), join(folder, 'conformance'), { recursive: true });
    const value = (name: string): string => given[name] ?? inputs[name]?.default ?? '';
    const { status, stderr } = spawnSync('bash', ['--noprofile', '--norc', '-eo', 'pipefail', '-c', script], {
      cwd: folder,
      encoding: 'utf8',
      env: {
        PATH: process.env['PATH'],
        HOME: folder,
        GITHUB_ACTION_PATH: root,
        GITHUB_OUTPUT: join(folder, 'output'),
        CONFORMANCE_SUITES_DIR: value('suites-dir'),
        CONFORMANCE_SUITE: value('suite'),
        CONFORMANCE_CLUSTER: value('cluster'),
        CONFIG: value('config'),
        REPORT_DIR: value('report-dir'),
        ARGUMENTS: value('arguments'),
        GITHUB_STEP_SUMMARY: join(folder, 'summary'),
        ...{ BEFORE: value('before'), AFTER: value('after'), ACCEPT: value('accept') },
      },
    });
    const output = join(folder, 'output');
    return { folder, status, stderr, output: existsSync(output) ? readFileSync(output, 'utf8') : '' };
  }

  it('runs suites of the repository, and writes the reports to the folder in its output', () => {
    const { folder, status, stderr, output } = act({
      'suites-dir': 'conformance',
      suite: 'payments',
      arguments: '--scenario PAY-01',
    });
    expect(status, stderr).to.equal(0);
    expect(stderr).to.contain('1 passed, 0 failed');
    expect(output).to.equal('exit-code=0\n');
    expect(existsSync(join(folder, 'reports', 'conformance', 'results.json'))).to.equal(true);
  });

  it('supports quoted words in flags, and expands nothing in them', () => {
    const { status, stderr } = act({
      'suites-dir': 'conformance',
      arguments: `--suite payments --grep 'reads and lists' --grep-invert '$(touch made)'`,
    });
    expect(status, stderr).to.equal(0);
    expect(stderr).to.contain('1 passed, 0 failed');
  });

  it('compares a plan in mode no-new-access, and writes the comment and SARIF', () => {
    const script = scriptOf('access');
    const plan = join(root, 'test/fixtures/deployments/terraform/update.json');
    const { folder, status, stderr, output } = act({ after: plan, 'report-dir': 'access' }, script);
    expect(status, stderr).to.equal(1);
    expect(output).to.equal('exit-code=1\n');
    expect(readFileSync(join(folder, 'summary'), 'utf8')).to.match(/^## New access\n/);
    expect(readFileSync(join(folder, 'access', 'no-new-access.sarif'), 'utf8')).to.contain('"ruleId": "new-access"');
    expect(act({ after: 'missing.json' }, script)).to.include({ status: 2, output: 'exit-code=2\n' });
  });

  it('returns the exit code of the run, and rejects unbalanced quotes', () => {
    expect(act({ arguments: '--suite payment' })).to.include({ status: 2, output: 'exit-code=2\n' });
    const { status, stderr } = act({ arguments: `--suite 'payments` });
    expect(status).not.to.equal(0);
    expect(stderr).to.contain('quote').and.not.to.contain('provisioning');
  });
});

describe('release', () => {
  const release = (folder: string, tag?: string) =>
    spawnSync(process.execPath, [join(root, 'scripts', 'release.js')], {
      cwd: folder,
      encoding: 'utf8',
      env: tag === undefined ? {} : { GITHUB_REF_TYPE: 'tag', GITHUB_REF_NAME: tag },
    });
  const { version } = JSON.parse(text('package.json')) as { version: string };

  it('requires a section in the change log, and a matching tag', () => {
    expect(release(root).stdout).to.match(new RegExp(`^version=${version}\nnotes<<(.+)\n[^]+\n\\1\n$`));
    expect(release(root, `v${version}`).status).to.equal(0);
    const { status, stderr } = release(root, 'v99.0.0');
    expect(status).to.equal(1);
    expect(stderr).to.contain('v99.0.0').and.to.contain(`tag v${version}`);
  });

  it('is rejected without a section in the change log', () => {
    const folder = temporaryFolder();
    writeFileSync(join(folder, 'package.json'), '{ "version": "0.2.0" }');
    writeFileSync(join(folder, 'CHANGELOG.md'), '# Changes\n\n## 0.1.0\n\nFirst.\n');
    expect(release(folder)).to.include({
      status: 1,
      stderr: 'CHANGELOG.md has no part "## 0.2.0": write what changed.\n',
    });
  });

  it('has a bill of materials with bundled packages', () => {
    ensureBuilt();
    const sbom = JSON.parse(execFileSync(process.execPath, ['scripts/sbom.js'], { cwd: root, encoding: 'utf8' })) as {
      readonly components: readonly { readonly purl: string; readonly licenses: readonly unknown[] }[];
    };
    const purls = sbom.components.map(({ purl }) => purl.replace(/@[^@]+$/, ''));
    expect(purls).to.include.members(['pkg:npm/%40aws-sdk/client-s3', 'pkg:npm/mocha', 'pkg:npm/zod']);
    expect(purls).not.to.include('pkg:npm/eslint');
    for (const { purl, licenses } of sbom.components) expect(licenses, purl).to.have.length(1);
  });
});
