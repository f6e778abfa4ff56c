import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';

const script = (name: string): string => fileURLToPath(new URL(name, import.meta.url));

describe('the checks of CI', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'checks-'));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  function run(name: string, ...args: string[]): { status: number | null; stderr: string } {
    return spawnSync(process.execPath, [script(name), ...args], { cwd: folder, encoding: 'utf8' });
  }

  const packages: [title: string, entry: object, problem: string | undefined][] = [
    ['accept a permissive licence', { license: 'MIT' }, undefined],
    ['accept a choice with a permissive licence in it', { license: '(MIT OR GPL-3.0-only)' }, undefined],
    ['refuse copyleft', { license: 'AGPL-3.0-only' }, 'licence AGPL-3.0-only'],
    ['refuse several licences of which one is copyleft', { license: 'MIT AND GPL-3.0-only' }, 'MIT AND GPL-3.0-only'],
    ['refuse a package without a licence', {}, 'licence unknown'],
    ['refuse an address of a registry', { license: 'MIT', resolved: 'https://example.com/a.tgz' }, '"resolved"'],
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
    ['accept an ordinary text', 'see docs/work/plan.md and $HOME/root/x', undefined],
    ['refuse a folder of one machine', ['see /', 'work/plan.md'].join(''), 'text.md:2: names a folder of one machine'],
    ['refuse a package registry', ['https://registry.', 'npmjs.org/x'].join(''), 'text.md:2: names a package registry'],
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
});
