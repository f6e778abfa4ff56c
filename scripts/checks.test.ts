import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';

const script = (name: string): string => fileURLToPath(new URL(name, import.meta.url));

describe('CI checks', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'checks-'));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  function run(name: string, ...args: string[]): { status: number | null; stdout: string; stderr: string } {
    return spawnSync(process.execPath, [script(name), ...args], { cwd: folder, encoding: 'utf8' });
  }

  const packages: [title: string, entry: object, problem: string | undefined][] = [
    ['licences.js accepts a permissive licence', { license: 'MIT' }, undefined],
    [
      'licences.js accepts a choice that includes a permissive licence',
      { license: '(MIT OR GPL-3.0-only)' },
      undefined,
    ],
    ['licences.js rejects copyleft', { license: 'AGPL-3.0-only' }, 'licence AGPL-3.0-only'],
    ['licences.js rejects a combination with copyleft', { license: 'MIT AND GPL-3.0-only' }, 'MIT AND GPL-3.0-only'],
    ['licences.js rejects a package without a licence', {}, 'licence unknown'],
    ['licences.js rejects a registry address', { license: 'MIT', resolved: 'https://example.com/a.tgz' }, '"resolved"'],
  ];
  for (const [title, entry, problem] of packages) {
    it(title, () => {
      writeFileSync(join(folder, 'lock.json'), JSON.stringify({ packages: { 'node_modules/a': entry } }));
      const { status, stderr } = run('licences.js', 'lock.json');
      expect(status).to.equal(problem === undefined ? 0 : 1);
      expect(stderr).to.contain(problem ?? '');
    });
  }

  const texts: [title: string, text: string, problem: string | undefined][] = [
    ['texts.js accepts ordinary text', 'see docs/work/plan.md and $HOME/root/x', undefined],
    [
      'texts.js rejects a machine-specific folder',
      ['see /', 'work/plan.md'].join(''),
      'text.md:2: names a machine-specific folder',
    ],
    [
      'texts.js rejects a package registry',
      ['https://registry.', 'npmjs.org/x'].join(''),
      'text.md:2: names a package registry',
    ],
  ];
  for (const [title, text, problem] of texts) {
    it(title, () => {
      spawnSync('git', ['init', '--quiet'], { cwd: folder });
      writeFileSync(join(folder, 'text.md'), `# Title\n${text}\n`);
      const { status, stderr } = run('texts.js');
      expect(stderr).to.contain(problem ?? '');
      expect(status).to.equal(problem === undefined ? 0 : 1);
    });
  }

  const checkImports = (config = script('../dependency-cruiser.config.js')): ReturnType<typeof run> => {
    const checker = '../node_modules/dependency-cruiser/bin/dependency-cruise.mjs';
    return run(checker, '--config', config, '--output-type', 'json', '.');
  };

  it('dependency-cruiser rejects forbidden imports and cycles, including those of types', () => {
    const files: Record<string, string> = {
      'harness/index.ts': "export { a } from '../foundation/a.ts';",
      'foundation/a.ts': 'export const a = 1;',
      'suites/good.ts': "import type { a } from '../harness/index.ts'; export type A = typeof a;",
      'suites/bad.ts': "import '../harness/plan/b.ts';",
      'harness/plan/b.ts': '',
      'emulator/a.ts': "export type { B } from '../clusters/b.ts';",
      'emulator/a.test.ts': "import '../clusters/b.ts';",
      'clusters/b.ts': 'export type B = 1;',
      'components/agent/a.ts': "import '../go/b.ts';",
      'components/probe/a.ts': "import '../go/b.ts';",
      'components/go/b.ts': '',
      'scripts/a.ts': "import type { B } from './b.ts'; export type A = B | 1;",
      'harness/scenario/a.ts': "import type { E } from '../engine/e.ts'; export type A = E;",
      'harness/engine/e.ts': "import '../scenario/c.ts'; export type E = 1;",
      'harness/scenario/c.ts': '',
      'scripts/b.ts': "import type { A } from './a.ts'; export type B = A | 2;",
      'scripts/cloud/a.ts': "import '../policy/a.ts'; import '../tables.ts';",
      'scripts/policy/a.ts': '',
      'scripts/tables.ts': '',
      'clusters/registry.ts': "import './in-cluster/a.ts';",
      'clusters/in-cluster/a.ts': "import '../kind/a.ts'; import '../hosted.ts';",
      'clusters/kind/a.ts': '',
      'clusters/hosted.ts': '',
    };
    for (const [name, text] of Object.entries(files)) {
      mkdirSync(join(folder, dirname(name)), { recursive: true });
      writeFileSync(join(folder, name), text);
    }
    const { summary } = JSON.parse(checkImports().stdout) as {
      summary: { violations: { from: string; to: string; rule: { name: string } }[] };
    };
    expect(summary.violations.map(({ from, to, rule }) => `${rule.name}: ${from} -> ${to}`)).to.have.members([
      'no-circle: scripts/a.ts -> scripts/b.ts',
      'imports-of-suites: suites/bad.ts -> harness/plan/b.ts',
      'imports-of-emulator: emulator/a.ts -> clusters/b.ts',
      'imports-of-components-probe: components/probe/a.ts -> components/go/b.ts',
      'layer-harness-scenario: harness/scenario/a.ts -> harness/engine/e.ts',
      'layer-scripts-cloud: scripts/cloud/a.ts -> scripts/policy/a.ts',
      'layer-clusters-in-cluster: clusters/in-cluster/a.ts -> clusters/kind/a.ts',
      'layer-clusters-in-cluster: clusters/in-cluster/a.ts -> clusters/hosted.ts',
    ]);
  });

  it('dependency-cruiser rejects a folder without an import rule', () => {
    for (const name of ['stray', 'harness/odds']) mkdirSync(join(folder, name), { recursive: true });
    const { status, stderr } = checkImports();
    expect(status).not.to.equal(0);
    expect(stderr).to.contain('No rule says what stray, harness/odds may import');
  });

  it('dependency-cruiser rejects a rule that lets a folder import one above it', () => {
    const config = join(folder, 'config.mjs');
    cpSync(script('../dependency-cruiser.config.js'), config);
    const rules = readFileSync(script('../dependency-rules.json'), 'utf8');
    const wrong = rules.replace('"identity": ["foundation/"]', '"identity": ["foundation/", "harness/"]');
    expect(wrong).not.to.equal(rules);
    writeFileSync(join(folder, 'dependency-rules.json'), wrong);
    const { status, stderr } = checkImports(config);
    expect(status).not.to.equal(0);
    expect(stderr).to.contain('identity may not import harness/, which is above it');
  });

  it('.ci/run runs every tier, and each test file belongs to exactly one', async () => {
    const { FILES, TIERS } = (await import(script('../test/runner/tiers.js'))) as {
      FILES: readonly string[];
      TIERS: Readonly<Record<string, readonly string[]>>;
    };
    const { lookupFiles } = (await import(script('../node_modules/mocha/lib/cli/lookup-files.js'))) as {
      lookupFiles: (glob: string) => readonly string[];
    };
    const found = (globs: readonly string[]): readonly string[] => globs.flatMap((glob) => lookupFiles(glob));
    const { stdout } = spawnSync('git', ['ls-files', '*.test.ts'], { cwd: script('..'), encoding: 'utf8' });
    expect(found(FILES)).to.include.members(stdout.trimEnd().split('\n'));
    const ofTiers = Object.values(TIERS).map(found);
    for (const files of ofTiers) expect(files).not.to.have.lengthOf(0);
    expect(new Set(ofTiers.flat()).size).to.equal(ofTiers.flat().length);
    const ci = readFileSync(script('../.ci/run'), 'utf8');
    for (const command of [
      'first_command',
      'second_command',
      ...Object.keys(TIERS).map((tier) => `npm run --silent test:${tier}`),
    ])
      expect(ci).to.match(new RegExp(` ${command}$`, 'm'));
    expect(ci).to.match(/^first_command\(\) .* npm run conformance; }\nsecond_command\(\) .* npm test; }$/m);
  });
});
