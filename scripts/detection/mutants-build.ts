import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { Instrumenter } from '@stryker-mutator/instrumenter';
import { build, type Plugin } from 'esbuild';
import { bundlesOf, common } from '../bundles.ts';
import { AREAS, areaOf, MUTATORS_LEFT_OUT } from './areas.ts';

export interface Mutant {
  readonly id: string;
  readonly area: string;
  readonly file: string;
  readonly line: number;
  readonly column: number;
  readonly mutator: string;
  readonly original: string;
  readonly replacement: string;
}

/** Calls that log, report or count (`with` belongs to loggers, `count…` to metrics), and errors, whose first argument is an id. */
const TELLS = /^(log|trace|debug|info|warn|error|note|with|refuse|progress|describe|count(Request|Pod)|\w*Label)$/;

const LOGS = /^(log|trace|debug|info|warn)$/;

/** A node of Babel's syntax tree. */
interface Node {
  readonly type: string;
  readonly value?: unknown;
  readonly callee?: { readonly name?: string; readonly property?: { readonly name?: string } };
  readonly expression?: Node;
  readonly consequent?: Node;
  readonly alternate?: Node | null;
  readonly body?: Node | readonly Node[];
}

const calleeOf = ({ callee }: Node): string => callee?.property?.name ?? callee?.name ?? '';

/** Matches log calls, and functions, blocks and conditions that only contain log calls. */
function isLog(node: Node | undefined): boolean {
  if (node === undefined) return false;
  const { type, expression, body, consequent, alternate } = node;
  if (type === 'CallExpression') return LOGS.test(calleeOf(node));
  if (type === 'ExpressionStatement') return isLog(expression);
  if (type === 'IfStatement') return isLog(consequent) && !alternate;
  if (body instanceof Array) return type === 'BlockStatement' && body.length > 0 && body.every(isLog);
  return type === 'ArrowFunctionExpression' && isLog(body);
}

/** Returns the reason to ignore a node, for messages, templates and logs. */
export function shouldIgnore(node: Node): string | undefined {
  if (node.type === 'TemplateLiteral') return 'a message';
  if (node.type === 'StringLiteral') return String(node.value).includes(' ') ? 'a message' : undefined;
  if (node.type === 'NewExpression') return calleeOf(node) === 'Logger' ? 'a log' : undefined;
  return isLog(node) || (node.type === 'CallExpression' && TELLS.test(calleeOf(node))) ? 'a log' : undefined;
}

const silent = new Proxy(
  {},
  { get: (_, name) => (): boolean | undefined => (String(name).startsWith('is') ? false : undefined) },
);

/**
 * Builds entry points with all mutants, switched off, and writes mutants.json. Reuses an existing build.
 * @param folder must be removed when the sources change
 */
export async function buildMutants(
  root: string,
  folder: string,
  entries: readonly string[],
): Promise<readonly Mutant[]> {
  const list = join(folder, 'mutants.json');
  if (existsSync(list)) return JSON.parse(readFileSync(list, 'utf8')) as Mutant[];
  const { texts, mutants } = await instrument(root);
  const out = `${folder}-${process.pid}`;
  const plugin: Plugin = {
    name: 'mutants',
    setup: (building) =>
      void building.onLoad({ filter: /\.ts$/ }, ({ path }) => {
        const contents = texts.get(relative(root, path));
        return contents === undefined ? undefined : { contents, loader: 'ts' };
      }),
  };
  for (const options of bundlesOf(entries, [plugin]))
    await build({ ...common, ...options, absWorkingDir: root, outdir: out });
  mkdirSync(out, { recursive: true });
  writeFileSync(join(out, 'mutants.json'), JSON.stringify(mutants));
  rmSync(folder, { recursive: true, force: true });
  renameSync(out, folder);
  return mutants;
}

export async function instrument(
  root: string,
): Promise<{ readonly texts: ReadonlyMap<string, string>; readonly mutants: readonly Mutant[] }> {
  const sources = Object.values(AREAS).flatMap((paths) => paths.flatMap((path) => filesOf(root, path)));
  const files = [...new Set(sources)]
    .filter((name) => areaOf(name) !== undefined)
    .map((name) => ({ name, mutate: true, content: readFileSync(join(root, name), 'utf8') }));
  const instrumented = await new Instrumenter(silent as never).instrument(files, {
    excludedMutations: MUTATORS_LEFT_OUT,
    plugins: null,
    noHeader: false,
    ignorers: [{ shouldIgnore: (path) => shouldIgnore((path as { readonly node: Node }).node) }],
  });
  const texts = new Map(instrumented.files.map(({ name, content }) => [name, content]));
  const mutants = instrumented.mutants
    .filter(({ status }) => status !== 'Ignored')
    .map(({ id, fileName, location: { start, end }, mutatorName, replacement }): Mutant => {
      const text = files.find(({ name }) => name === fileName)?.content ?? '';
      return {
        id,
        area: areaOf(fileName) ?? '',
        file: fileName,
        line: start.line + 1,
        column: start.column + 1,
        mutator: mutatorName,
        original: between(text, start, end),
        replacement,
      };
    });
  return { texts, mutants };
}

function filesOf(root: string, path: string): string[] {
  const all = path.endsWith('/')
    ? readdirSync(join(root, path), { recursive: true, encoding: 'utf8' }).map((file) => join(path, file))
    : [path];
  return all.filter((file) => file.endsWith('.ts')).sort();
}

interface Position {
  readonly line: number;
  readonly column: number;
}

function between(text: string, start: Position, end: Position): string {
  const offsets = [0, ...[...text.matchAll(/\n/g)].map(({ index }) => index + 1)];
  const at = ({ line, column }: Position): number => (offsets[line] ?? 0) + column;
  return text.slice(at(start), at(end));
}
