import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect } from 'chai';
import { temporaryFolder } from '../../test/support/run-cli.ts';
import { loadOwnSuites } from './read-suites.ts';

describe('the own suites', () => {
  const TABLE = `
    export const SCOPES = { identity: { title: 'x', suites: { irsa: 'Which?', abac: 'Why?' } } };
    export const RENAMED_SUITES = { roles: ['irsa', 'abac'] };`;
  const suiteFile = (suite: string, id: string): string => `
    import { getObject, granted, suite } from '${new URL('../index.ts', import.meta.url).href}';
    suite('${suite}', ({ scenario }) => {
      scenario('${id}', 'a title', { workloads: { app: {} }, probes: [granted('app', getObject('data/key'))] });
    });`;
  const load = (files: Readonly<Record<string, string>>) => {
    const folder = temporaryFolder();
    for (const [name, text] of Object.entries({ 'scopes.ts': TABLE, ...files })) {
      mkdirSync(dirname(join(folder, name)), { recursive: true });
      writeFileSync(join(folder, name), text);
    }
    return loadOwnSuites(folder);
  };
  const problemOf = (files: Readonly<Record<string, string>>): Promise<string> =>
    load(files).then(
      () => 'none',
      (error: Error) => error.message,
    );

  it('are files in a folder for each suite, next to their helpers', async () => {
    const { scenarios, scopes, renamedSuites } = await load({
      'irsa/trust.ts': suiteFile('irsa', 'ZA-01'),
      'irsa/lib/roles.ts': 'throw new Error();',
      'lib/sources.ts': 'throw new Error();',
    });
    expect(scenarios.map(({ id, suite, file }) => [id, suite, file])).to.deep.equal([
      ['ZA-01', 'irsa', 'suites/irsa/trust.ts'],
    ]);
    expect(scopes['identity']?.suites['irsa']).to.equal('Which?');
    expect(renamedSuites['roles']).to.deep.equal(['irsa', 'abac']);
  });

  it('declare the suite of their folder', async () =>
    expect(await problemOf({ 'irsa/trust.ts': suiteFile('abac', 'ZA-01') })).to.equal(
      'suites/irsa/trust.ts declares ZA-01 in suite "abac", but its folder is "irsa": move the file, or rename the suite.',
    ));

  it('have a scope', async () =>
    expect(await problemOf({ 'agent/cache.ts': suiteFile('agent', 'ZA-01') })).to.equal(
      'Suite "agent" has no scope: add it to suites/scopes.ts.',
    ));
});
