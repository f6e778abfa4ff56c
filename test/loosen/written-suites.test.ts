import { expect } from 'chai';
import { cpSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { seededOrder } from '../../foundation/node/seeded-order.ts';
import { changesOf } from '../../harness/loosen/operators/index.ts';
import type { Loosening } from '../../harness/results/loosening.ts';
import { generatedSuite } from '../support/generated-suites.ts';
import { ROOT, runInProcess, temporaryFolder, type CliRun } from '../support/run-cli.ts';

const SEED = '43';

/** Writes the suite of an example or of `init` into a folder, and returns the options that select it. */
const SUITES: Readonly<Record<string, (folder: string) => Promise<readonly string[]>>> = {
  // The suite of examples/my-suites.
  init: async (folder) => {
    expect((await runInProcess({ command: 'init', directory: folder, reports: 'own' })).exitCode).to.equal(0);
    return ['--config', 'conformance/config.yaml'];
  },
  'examples/terraform': async (folder) => {
    cpSync(join(ROOT, 'examples', 'terraform'), join(folder, 'suites'), { recursive: true });
    return ['--suites-dir', 'suites', '--suite', 'ledger'];
  },
  ...Object.fromEntries(
    [1, 2].map((seed) => [
      `a generated suite, seed ${seed}`,
      async (folder: string) => {
        for (const [name, text] of Object.entries(generatedSuite(seed))) {
          mkdirSync(dirname(join(folder, name)), { recursive: true });
          writeFileSync(join(folder, name), text);
        }
        return ['--suites-dir', '.', '--suite', 'generated'];
      },
    ]),
  ),
};

describe('loosen --write', () => {
  for (const [name, prepare] of Object.entries(SUITES))
    it(`${name}: the suite passes with the added probes, and one of them fails with its change`, async () => {
      const directory = temporaryFolder();
      const args = await prepare(directory);
      // Node caches modules by their paths, so each run needs other files.
      const run = (...more: readonly string[]): Promise<CliRun> => {
        const copy = temporaryFolder();
        cpSync(directory, copy, { recursive: true, filter: (path) => !path.endsWith('reports') });
        return runInProcess({ directory: copy, args: [...args, ...more, '--quiet'] });
      };
      const loosened = await runInProcess({
        ...{ command: 'loosen', directory },
        args: [...args, '--write', '--quiet', '--format', 'json'],
      });
      expect(loosened.exitCode, loosened.stderr).to.equal(0);
      const { changes } = JSON.parse(loosened.stdout) as Loosening;
      const texts = readdirSync(directory, { recursive: true, encoding: 'utf8' })
        .filter((file) => file.endsWith('.ts') && !file.startsWith('reports'))
        .map((file) => readFileSync(join(directory, file), 'utf8').replaceAll(/\s+/g, ' '));
      const written = changes.filter(({ code }) =>
        code?.['probes']?.every((probe) => texts.some((text) => text.includes(probe.replaceAll(/\s+/g, ' ')))),
      );
      expect(written, loosened.stderr).to.not.deep.equal([]);
      const before = await run();
      expect(before.exitCode, before.stdout + before.stderr).to.equal(0);
      const weakenings = written.flatMap(({ file, change, addTo = '' }) => {
        const path = join(directory, file);
        const text = readFileSync(path, 'utf8');
        const changed = weakened(text, change);
        return changed === JSON.stringify(JSON.parse(text)) ? [] : [{ path, change, addTo, changed }];
      });
      const [{ path, change, addTo, changed }] = seededOrder(weakenings, SEED, (one) => one.path + one.change) as [
        (typeof weakenings)[number],
      ];
      writeFileSync(path, changed);
      const after = await run('--scenario', addTo);
      expect(after.exitCode, after.stderr).to.equal(1);
      expect(after.results?.summary.failed, change).to.equal(1);
    });
});

/** Applies a change to each copy of its policy in a file, such as the plan of Terraform. */
function weakened(text: string, change: string): string {
  const apply = (value: unknown): unknown => {
    if (typeof value === 'string' && value.startsWith('{')) return JSON.stringify(apply(JSON.parse(value)));
    if (Array.isArray(value)) return value.map(apply);
    if (typeof value !== 'object' || value === null) return value;
    if (!('Statement' in value))
      return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, apply(member)]));
    const all = (['trust', 'identity', 'resource'] as const).flatMap((kind) => changesOf(value, kind));
    return all.find((one) => one.text === change)?.apply(value) ?? value;
  };
  return JSON.stringify(apply(JSON.parse(text)));
}
