/** esbuild options for the build and for mutants (scripts/detection/mutants-build.ts). */
import { readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { BuildOptions, Plugin } from 'esbuild';

const suites = join(dirname(dirname(fileURLToPath(import.meta.url))), 'suites');

/** Entry points of suites, without file extension. */
export const SUITES = readdirSync(suites, { recursive: true, encoding: 'utf8' })
  .filter((file) => /^[^.]+\.ts$/.test(file) && !/(^|\/)lib\//.test(file))
  .map((file) => `suites/${file.slice(0, -3)}`);

/** Entry points of builds with defects. */
export const SWITCHED = ['bin/cli/switched', 'scripts/detection/worker', 'harness/index', ...SUITES];

const entriesOf = (names: readonly string[]): Record<string, string> =>
  Object.fromEntries(names.map((name) => [name, `${name}.ts`]));

export const common = {
  bundle: true,
  platform: 'node',
  // Only ES modules allow tree shaking of the AWS clients.
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

/** Options of a bundle whose entry points share chunks. */
const bundle = {
  format: 'esm',
  splitting: true,
  chunkNames: 'chunks/[hash]',
  // mocha and tsx load files at run time. Users' suites import chai.
  external: ['chai', 'mocha', 'tsx', 'tsx/*'],
  // Node's own punycode is deprecated and prints a warning.
  alias: { punycode: 'punycode/' },
  banner: {
    js: "import{createRequire as _createRequire}from'node:module';const require=_createRequire(import.meta.url);",
  },
} satisfies BuildOptions;

/** Lets suites import the built public API, as users' suites do. Resolving its chunks for each suite would take longer than loading them. */
const publicPart: Plugin = {
  name: 'public part',
  setup: (plugin) =>
    void plugin.onResolve({ filter: /\/harness\/index\.ts$/ }, () => ({
      // Valid from the folders of suites and from the folder of their chunks.
      path: '../../harness/index.js',
      external: true,
    })),
};

/** Returns options of up to two bundles: one for the suites among the entry points, and one for the others. */
export function bundlesOf(names: readonly string[], plugins: readonly Plugin[] = []): readonly BuildOptions[] {
  const suites = names.filter((name) => SUITES.includes(name));
  const others = names.filter((name) => !SUITES.includes(name));
  return [
    { ...bundle, entryPoints: entriesOf(others), plugins: [...plugins] },
    {
      ...bundle,
      entryPoints: entriesOf(suites),
      chunkNames: 'suites/lib/[hash]',
      // For the lines of failed checks. Builds with defects are larger and only used by developers.
      sourcemap: plugins.length === 0 && ('external' as const),
      sourcesContent: false,
      plugins: [publicPart, ...plugins],
    },
  ].filter(({ entryPoints }) => Object.keys(entryPoints).length > 0);
}
