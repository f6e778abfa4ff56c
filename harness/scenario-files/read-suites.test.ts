import { spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect } from 'chai';
import { temporaryFolder } from '../../test/support/run-cli.ts';

interface Loaded {
  readonly scenarios: readonly { readonly id: string; readonly suite: string; readonly file: string }[];
  readonly scopes: Readonly<Record<string, { readonly suites: Readonly<Record<string, string>> }>>;
}

describe("the project's own suites", () => {
  const TABLE = `
    export const SCOPES = { identity: { title: 'x', suites: { irsa: 'Which?', abac: 'Why?' } } };`;
  const suiteFile = (suite: string, id: string): string => `
    import { getObject, granted, suite } from '${new URL('../index.ts', import.meta.url).href}';
    suite('${suite}', ({ scenario }) => {
      scenario('${id}', 'a title', { workloads: { app: {} }, buckets: { data: {} }, probes: [granted('app', getObject('data/key'))] });
    });`;
  /** In a separate process, so that suites and this test's subject import the same module. */
  const load = (files: Readonly<Record<string, string>>): { readonly loaded?: Loaded; readonly problem?: string } => {
    const folder = temporaryFolder();
    for (const [name, text] of Object.entries({
      'package.json': '{ "type": "module" }',
      'scopes.ts': TABLE,
      ...files,
    })) {
      mkdirSync(dirname(join(folder, name)), { recursive: true });
      writeFileSync(join(folder, name), text);
    }
    const program = `
      import { readOwnSuites } from ${JSON.stringify(new URL('read-suites.ts', import.meta.url).href)};
      const done = await readOwnSuites(${JSON.stringify(folder)}).then(
        (loaded) => ({ loaded }),
        ({ message }) => ({ problem: message }),
      );
      process.stdout.write(JSON.stringify(done));`;
    const flags = ['--import=tsx', '--input-type=module', '--eval', program];
    const { stdout, stderr } = spawnSync(process.execPath, flags, { encoding: 'utf8' });
    if (stdout === '') throw new Error(stderr);
    return JSON.parse(stdout) as { loaded?: Loaded; problem?: string };
  };

  it('are files in a folder per suite, next to their helpers', () => {
    const { loaded, problem } = load({
      'irsa/trust.ts': suiteFile('irsa', 'ZA-01'),
      'irsa/lib/roles.ts': 'throw new Error();',
      'lib/sources.ts': 'throw new Error();',
    });
    expect(problem).to.equal(undefined);
    expect(loaded?.scenarios.map(({ id, suite, file }) => [id, suite, file])).to.deep.equal([
      ['ZA-01', 'irsa', 'suites/irsa/trust.ts'],
    ]);
    expect(loaded?.scopes['identity']?.suites['irsa']).to.equal('Which?');
  });

  it('must declare the suite of their folder', () =>
    expect(load({ 'irsa/trust.ts': suiteFile('abac', 'ZA-01') }).problem).to.equal(
      'suites/irsa/trust.ts declares ZA-01 in suite "abac", but its folder is "irsa". Move the file, or rename the suite.',
    ));

  it('must have a scope', () =>
    expect(load({ 'agent/cache.ts': suiteFile('agent', 'ZA-01') }).problem).to.equal(
      'Suite "agent" has no scope. Add it to suites/scopes.ts.',
    ));
});
