import { readdirSync, realpathSync, statSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { HarnessError, isUsage } from '../../foundation/node/errors.ts';
import { nearest, suggestion } from '../../foundation/node/nearest.ts';
import { SMALL_LOAD, type LoadSize } from '../scenario/load-size.ts';
import type { SuiteHooks } from '../scenario/hooks.ts';
import { collect, extended, lineIn, newRegistry, type Registry } from './suite-registry.ts';
import { suitesOf, type SuiteTable } from './suite-table.ts';
import type { Scenario } from '../scenario/spec.ts';
import {
  forgetRequired,
  prepareForUserFiles,
  publicExports,
  queryOf,
  requiredFiles,
  withoutTime,
} from './user-files.ts';

const SUITE_FILE = /(?<!\.test)(?<!\.d)\.(ts|mts|js|mjs)$/;
/** Folder of shared helpers, which declare no suite. */
const SHARED = 'lib';

export interface Suites extends SuiteTable {
  /** Sorted by suite and id. */
  readonly scenarios: readonly Scenario[];
  readonly hooks: ReadonlyMap<string, SuiteHooks>;
  /** Sentences about scenarios and files that were rejected. */
  readonly problems: readonly string[];
}

/** Loads the project's own suites and those of the user's folders. Throws `HarnessError`. */
export const readSuites = async (ownSuites: string, folders: readonly string[], load?: LoadSize): Promise<Suites> =>
  readUserSuites(await readOwnSuites(ownSuites, load), folders);

/** Loaded suites by folder and size of load scenarios: a module declares its scenarios only on its first load. */
const loaded = new Map<string, Promise<Registry>>();

/** Loads the project's own suites, once: the files `<suite>/<topic>` and the table `scopes` of a folder. */
export function readOwnSuites(folder: string, load: LoadSize = SMALL_LOAD): Promise<Registry> {
  const key = JSON.stringify([folder, load]);
  const cached = loaded.get(key);
  if (cached !== undefined) return cached;
  // Unlike the query of users' files, it does not extend to imports.
  const registry = loadOwnSuites(folder, loaded.size === 0 ? '' : `?load=${loaded.size}`, load);
  loaded.set(key, registry);
  return registry;
}

async function loadOwnSuites(folder: string, query: string, load: LoadSize): Promise<Registry> {
  const files = ownSuiteFiles(folder);
  // Tests check the sources. Checking built suites would take a third of the time of a short command.
  const isChecked = files.some((file) => file.endsWith('.ts'));
  const registry = newRegistry({ load, ...(await tableOf(folder)), isChecked });
  await collect(registry, async () => {
    for (const file of files) {
      const suite = basename(dirname(file));
      registry.files.set(file, sourceOf(file));
      registry.scope = scopeOf(registry, suite);
      const earlier = registry.scenarios.length;
      await loadFile(registry, file, query);
      checkSuite(registry, suite, registry.scenarios.slice(earlier));
    }
  });
  return registry;
}

async function tableOf(folder: string): Promise<SuiteTable> {
  const file = suiteFiles(folder).find((path) => /^scopes\.[jt]s$/.test(basename(path)));
  if (file === undefined) throw new Error(`${folder} has no scopes.ts.`);
  const { SCOPES } = (await import(pathToFileURL(file).href)) as { readonly SCOPES: SuiteTable['scopes'] };
  return { scopes: SCOPES };
}

const ownSuiteFiles = (folder: string): string[] =>
  readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && entry.name !== SHARED)
    .map(({ name }) => name)
    .sort()
    .flatMap((suite) => suiteFiles(join(folder, suite)));

/** Throws if a file declares a suite other than that of its folder. */
function checkSuite(registry: Registry, folder: string, declared: readonly Scenario[]): void {
  const other = declared.find(({ suite }) => suite !== folder);
  if (other)
    throw new Error(
      `${registry.file} declares ${other.id} in suite "${other.suite}", but its folder is "${folder}". Move the file, or rename the suite.`,
    );
}

function scopeOf({ scopes }: Registry, suite: string): string {
  const scope = Object.keys(scopes).find((name) => Object.hasOwn(scopes[name]?.suites ?? {}, suite));
  if (scope === undefined) throw new Error(`Suite "${suite}" has no scope. Add it to suites/scopes.ts.`);
  return scope;
}

/** Needed to load files again while their earlier versions stay in memory. */
export interface Reload {
  readonly time: number;
  /** Receives the paths of suites' imports and policy files, even if loading fails. */
  readonly files: Set<string>;
}

/** Loads the suites of the user's folders in addition to the project's. Throws `HarnessError`. */
export async function readUserSuites(builtIn: Registry, folders: readonly string[], reload?: Reload): Promise<Suites> {
  const registry = extended(builtIn);
  if (reload) forgetRequired();
  try {
    if (folders.length > 0) await collect(registry, () => loadUserFiles(registry, folders, reload?.time));
  } finally {
    if (reload) await noteFiles(reload, registry);
  }
  const { scenarios, hooks, scopes, problems = [] } = registry;
  return { scenarios: inOrder(scenarios, suitesOf(registry)), hooks, scopes, problems };
}

async function noteFiles({ files }: Reload, { policyFiles }: Registry): Promise<void> {
  const imports = await prepareForUserFiles();
  for (const file of [...imports.reloaded(), ...requiredFiles(), ...policyFiles]) files.add(file);
}

/** Returns the source path of a built suite, for reports. */
const sourceOf = (file: string): string =>
  ['suites', basename(dirname(file)), basename(file).replace(/\.js$/, '.ts')].join('/');

async function loadUserFiles(registry: Registry, folders: readonly string[], time = 0): Promise<void> {
  const files = folders.flatMap(userFiles);
  for (const file of files) registry.files.set(realpathSync(file), file);
  const imports = await prepareForUserFiles();
  const broken = new Set<string>();
  for (const file of files) {
    const earlier = registry.problems?.length;
    try {
      await loadFile(registry, file, queryOf(time));
    } catch (error) {
      if (!(error instanceof HarnessError) || !isUsage(error.code)) throw error;
      registry.problems?.push(error.message);
    }
    if (registry.problems?.length !== earlier) broken.add(file);
  }
  const declaring = new Set(registry.scenarios.map((scenario) => scenario.file));
  // Files that other suites import are helpers.
  for (const file of files)
    if (!declaring.has(file) && !broken.has(file) && !imports.has(realpathSync(file)))
      registry.problems?.push(
        `Suite file ${file} declares no scenario. Call suite() from eks-pod-identity-conformance in it.`,
      );
}

/** Sorts scenarios: the project's suites in the order of their table, then others by name. */
function inOrder(scenarios: readonly Scenario[], order: readonly string[]): readonly Scenario[] {
  const rank = (suite: string): number => (order.includes(suite) ? order.indexOf(suite) : order.length);
  return [...scenarios].sort(
    (a, b) => rank(a.suite) - rank(b.suite) || compare(a.suite, b.suite) || compare(a.id, b.id),
  );
}

/** Compares by code points, independent of the machine's locale. */
const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

const suiteFiles = (folder: string): string[] =>
  readdirSync(folder)
    .filter((file) => SUITE_FILE.test(file))
    .sort()
    .map((file) => join(folder, file));

function userFiles(folder: string): string[] {
  const path = resolve(folder);
  const stats = statSync(path, { throwIfNoEntry: false });
  if (!stats) throw badFolder(`Suites folder ${folder} does not exist. Check --suites-dir.`);
  if (!stats.isDirectory())
    throw badFolder(`${folder} is not a folder. Use --suites-dir with a folder of suite files.`);
  const files = suiteFiles(path);
  if (files.length === 0) throw badFolder(`Suites folder ${folder} has no suite files (*.ts, *.js, *.mts, *.mjs).`);
  return files;
}

const badFolder = (message: string): HarnessError => new HarnessError('BAD_SUITES_DIRECTORY', message);

async function loadFile(registry: Registry, file: string, query: string): Promise<void> {
  const shown = registry.files.get(file) ?? file;
  registry.file = shown;
  try {
    await import(`${pathToFileURL(file).href}${query}`);
  } catch (error) {
    if (error instanceof HarnessError) throw error;
    const line = error instanceof Error ? lineIn(error, file) : undefined;
    const place = line === undefined ? shown : `${shown}:${line}`;
    throw new HarnessError(
      'BAD_SUITE_FILE',
      `Suite file ${place} cannot be loaded: ${await describeLoadError(error)}`,
      {
        cause: error,
      },
    );
  }
}

/** Returns the first line with a message, including the position of a syntax error. */
async function describeLoadError(error: unknown): Promise<string> {
  if (!(error instanceof Error)) return String(error);
  const lines = error.message
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '' && !/^Transform failed/.test(line));
  const message = withoutTime(lines[0] ?? error.name)
    .replace(/^file:\/\//, '')
    .replace(/\.$/, '');
  const name = /does not provide an export named '(\w+)'|(\w+)\)? is not (?:a function|defined)/
    .exec(message)
    ?.slice(1)
    .join('');
  const exports = name === undefined ? [] : Object.keys(await publicExports());
  if (name !== undefined && !exports.includes(name) && nearest(name, exports) !== undefined)
    return `${message.endsWith('is not defined') ? `"${name}" is not defined` : `eks-pod-identity-conformance has no "${name}"`}: ${suggestion(name, exports)}`;
  return `${error.name === 'Error' || error.name === 'TypeError' ? '' : `${error.name}: `}${message}.`;
}
