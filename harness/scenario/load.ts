import { readdirSync, statSync } from 'node:fs';
import { register } from 'node:module';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { HarnessError } from '../../foundation/errors.ts';
import { collect, type Registry } from './registry.ts';
import type { Scenario } from './spec.ts';

const SUITE_FILE = /(?<!\.test)(?<!\.d)\.(ts|mts|js|mjs)$/;

/** Loads the project's own suites and those of the user's folders; gives their scenarios in the order of suite and id. */
export async function loadScenarios(ownSuites: string, folders: readonly string[]): Promise<readonly Scenario[]> {
  const registry: Registry = { scenarios: [], file: '' };
  await collect(registry, async () => {
    for (const file of suiteFiles(ownSuites)) await loadFile(registry, file, `suites/${file.split('/').at(-1)}`);
    if (folders.length === 0) return;
    await prepareForUserFiles();
    for (const folder of folders) {
      for (const file of userFiles(folder)) await loadFile(registry, file, file);
    }
  });
  return inOrder(registry.scenarios);
}

/** Suites in the order in which a request meets what they are about; others after them, by name. */
const SUITE_ORDER = [
  'control-plane',
  'pod-identity',
  'irsa',
  'coexistence',
  'cross-cluster',
  'abac',
  'rbac',
  'agent',
  'webhook',
  'lifecycle',
  'cross-account',
  'security',
];

function inOrder(scenarios: readonly Scenario[]): readonly Scenario[] {
  const rank = (suite: string): number =>
    SUITE_ORDER.includes(suite) ? SUITE_ORDER.indexOf(suite) : SUITE_ORDER.length;
  return [...scenarios].sort(
    (a, b) => rank(a.suite) - rank(b.suite) || compare(a.suite, b.suite) || compare(a.id, b.id),
  );
}

/** By code points: the same everywhere, whatever the language of the machine. */
const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

const suiteFiles = (folder: string): string[] =>
  readdirSync(folder)
    .filter((file) => SUITE_FILE.test(file))
    .sort()
    .map((file) => join(folder, file));

function userFiles(folder: string): string[] {
  const path = resolve(folder);
  const stats = statSync(path, { throwIfNoEntry: false });
  if (!stats)
    throw new HarnessError('BAD_SUITES_DIRECTORY', `Suites folder ${folder} does not exist: check --suites-dir.`);
  if (!stats.isDirectory())
    throw new HarnessError(
      'BAD_SUITES_DIRECTORY',
      `${folder} is no folder: --suites-dir takes a folder with suite files.`,
    );
  const files = suiteFiles(path);
  if (files.length === 0)
    throw new HarnessError(
      'BAD_SUITES_DIRECTORY',
      `Suites folder ${folder} has no suite files (*.ts, *.js, *.mts, *.mjs).`,
    );
  return files;
}

async function loadFile(registry: Registry, file: string, shown: string): Promise<void> {
  registry.file = shown;
  const before = registry.scenarios.length;
  try {
    await import(pathToFileURL(file).href);
  } catch (error) {
    if (error instanceof HarnessError) throw error;
    throw new HarnessError('BAD_SUITE_FILE', `Suite file ${shown} cannot be loaded: ${describeLoadError(error)}`, {
      cause: error,
    });
  }
  if (registry.scenarios.length === before) {
    throw new HarnessError(
      'BAD_SUITE_FILE',
      `Suite file ${shown} declares no scenario: call suite() from eks-pod-identity-conformance in it.`,
    );
  }
}

/** The first line that says something; a syntax error's place is kept. */
function describeLoadError(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const lines = error.message
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '' && !/^Transform failed/.test(line));
  const message = (lines[0] ?? error.name).replace(/^file:\/\//, '').replace(/\.$/, '');
  return `${error.name === 'Error' ? '' : `${error.name}: `}${message}.`;
}

/**
 * Lets files outside the package import it by name, and TypeScript be loaded. The hook that finds the package is
 * registered last, since the last one is asked first: a suite must get the module that collects, not a copy of it.
 */
async function prepareForUserFiles(): Promise<void> {
  const publicSurface = new URL(
    import.meta.url.endsWith('.ts') ? '../index.ts' : publicSurfaceInDist(),
    import.meta.url,
  ).href;
  // Its cache would be left behind in the temporary folder.
  process.env['TSX_DISABLE_CACHE'] ??= '1';
  const { register: registerTypeScript } = await import('tsx/esm/api');
  registerTypeScript();
  const hook = `export async function resolve(specifier, context, next) {
    if (specifier === 'eks-pod-identity-conformance') return { url: ${JSON.stringify(publicSurface)}, shortCircuit: true };
    const found = await next(specifier, context);
    // Suites are ES modules, also in a folder whose package.json does not say so.
    return /\\.ts$/.test(found.url) && !found.url.includes('/node_modules/') ? { ...found, format: 'module' } : found;
  }`;
  register(`data:text/javascript,${encodeURIComponent(hook)}`);
}

/** Bundled, this module lies in a chunk: the public surface is found from the package's root. */
function publicSurfaceInDist(): string {
  const folder = dirname(fileURLToPath(import.meta.url));
  const dist = folder.slice(0, folder.lastIndexOf(`${'/'}dist`) + 5);
  return pathToFileURL(join(dist, 'harness', 'index.js')).href;
}
