/** How esbuild is asked for what runs on Node: by the build, and by that of mutants (scripts/detection/mutants-build.ts). */
import { readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { BuildOptions } from 'esbuild';

const suites = join(dirname(dirname(fileURLToPath(import.meta.url))), 'suites');

/** The project's own suites and their table, as entry points: paths without extension. What suites share is none. */
export const SUITES = readdirSync(suites, { recursive: true, encoding: 'utf8' })
  .filter((file) => /^[^.]+\.ts$/.test(file) && !/(^|\/)lib\//.test(file))
  .map((file) => `suites/${file.slice(0, -3)}`);

/** What a build that runs defects has: the command, the public surface that suites import, and what detection runs in a process. */
export const SWITCHED = ['bin/cli/switched', 'scripts/detection/worker', 'harness/index', ...SUITES];

export const entriesOf = (names: readonly string[]): Record<string, string> =>
  Object.fromEntries(names.map((name) => [name, `${name}.ts`]));

export const common = {
  bundle: true,
  platform: 'node',
  // ES modules first: what is not used of the AWS clients can then be left out.
  mainFields: ['module', 'main'],
  conditions: ['module'],
  target: 'node20',
  sourcemap: false,
  minifySyntax: true,
  minifyWhitespace: true,
  logLevel: 'warning',
  legalComments: 'none',
  metafile: true,
} as const satisfies BuildOptions;

/** One bundle of entry points that share chunks. */
export const bundles = {
  format: 'esm',
  splitting: true,
  chunkNames: 'chunks/[hash]',
  // mocha and tsx look for files of their own at run time; chai is the one that suites of the user's own import.
  external: ['chai', 'mocha', 'tsx', 'tsx/*'],
  // Node's own, which a dependency asks for, is deprecated and says so in the process of a user's mocha.
  alias: { punycode: 'punycode/' },
  banner: {
    js: "import{createRequire as _createRequire}from'node:module';const require=_createRequire(import.meta.url);",
  },
} satisfies BuildOptions;
