import { existsSync, readFileSync } from 'node:fs';
import { basename, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { HarnessError } from '../../foundation/node/errors.ts';
import { suggestion } from '../../foundation/node/nearest.ts';
import { SMALL_LOAD, type LoadSize } from '../scenario/load-size.ts';
import { copyOf, noHooks, type Hook, type HookName, type SuiteHooks } from '../scenario/hooks.ts';
import type { Problem } from '../scenario/checks.ts';
import type { Misfit } from '../scenario/misfit.ts';
import { meaningless, misshapen } from './meaning.ts';
import { associationOf, placeOf } from '../scenario/parts.ts';
import { unusableName } from '../scenario/real-names.ts';
import type { SuiteTable } from './suite-table.ts';
import type { Scenario, ScenarioSpec } from '../scenario/spec.ts';

const ID = /^[A-Z][A-Z0-9]*-[0-9]{2,}[a-z]?$/;

/** The argument of a suite's callback. */
export interface SuiteContext {
  /** Declares a scenario. The id, such as `AB-01`, must be unique across all suites of a run. */
  readonly scenario: (id: string, title: string, spec: ScenarioSpec) => void;
  /** Size of load scenarios, from `--load-pods` and related flags. */
  readonly load: LoadSize;
  /** Declare Mocha hooks. See `SuiteHooks` for the time at which they run. */
  readonly before: (hook: Hook) => void;
  readonly after: (hook: Hook) => void;
  readonly beforeEach: (hook: Hook) => void;
  readonly afterEach: (hook: Hook) => void;
}

export interface Registry extends SuiteTable {
  readonly scenarios: Scenario[];
  readonly hooks: Map<string, SuiteHooks>;
  readonly files: Map<string, string>;
  /** Name of the file that is being loaded, for reports. */
  file: string;
  /** Scope of that file's suite; undefined for users' files. */
  scope?: string | undefined;
  /** Whether scenarios are checked when they are declared. */
  readonly isChecked: boolean;
  readonly policyFiles: Set<string>;
  /** Receives sentences about rejected scenarios and files. Default: the first one is thrown. */
  readonly problems?: string[];
  readonly load: LoadSize;
  /** Declares a suite's scenarios. Default: calls `declare`. */
  readonly around?: (suite: string, declare: () => void) => void;
  readonly declared?: (scenario: Scenario) => void;
}

type Presets = Pick<Registry, 'around' | 'problems' | 'declared' | 'isChecked' | 'load' | keyof SuiteTable>;

export const newRegistry = (presets: Partial<Presets> = {}): Registry => ({
  scenarios: [],
  hooks: new Map(),
  files: new Map(),
  file: '',
  isChecked: true,
  policyFiles: new Set(),
  load: SMALL_LOAD,
  scopes: {},
  ...presets,
});

/** Returns a copy of a registry, to be extended. */
export const extended = ({ scenarios, hooks, files, load, scopes }: Registry): Registry => ({
  ...newRegistry({ load, scopes, problems: [] }),
  scenarios: [...scenarios],
  hooks: new Map([...hooks].map(([suite, suiteHooks]) => [suite, copyOf(suiteHooks)])),
  files: new Map(files),
});

let current: Registry | undefined;

/** Makes a registry receive later calls of `suite`. */
export function openRegistry(registry: Registry): void {
  current = registry;
}

/** Runs `load` with a registry that receives calls of `suite`. */
export async function collect(registry: Registry, load: () => Promise<void>): Promise<void> {
  openRegistry(registry);
  try {
    await load();
  } finally {
    current = undefined;
  }
}

export function notePolicyFile(path: string): void {
  current?.policyFiles.add(resolve(path));
}

/** Declares a suite: scenarios about one subject. Several files may declare the same suite. */
export function suite(name: string, declare: (context: SuiteContext) => void): void {
  const registry = current;
  if (registry === undefined)
    throw new HarnessError(
      'BAD_SUITE_FILE',
      `Suite "${name}" was declared outside a run. Load its file with --suites-dir.`,
    );
  const caller = callingFile() ?? '';
  // With another loader, the current file is unknown.
  if (registry.around) registry.file = caller;
  const file = registry.files.get(caller) ?? registry.file;
  if (!/^[a-z0-9]+(-[a-z0-9]+)*$/.test(name))
    throw bad(registry, `suite name "${name}" is not in kebab case: use lower-case letters, digits and single dashes`);
  const hooks = registry.hooks.get(name) ?? noHooks();
  registry.hooks.set(name, hooks);
  const take = (kind: HookName) => (hook: Hook) => void hooks[kind].push(hook);
  const context: SuiteContext = {
    scenario: (id, title, spec) => {
      const { scope } = registry;
      const scenario: Scenario = { id, suite: name, ...(scope !== undefined && { scope }), title, file, spec };
      const problem = registry.isChecked ? problemOf(registry, scenario) : undefined;
      if (problem !== undefined)
        return reject(registry, badAt(scenario, problem, caller, lineOfCaller(caller, context.scenario)));
      registry.scenarios.push(scenario);
      registry.declared?.(scenario);
    },
    load: registry.load,
    before: take('before'),
    after: take('after'),
    beforeEach: take('beforeEach'),
    afterEach: take('afterEach'),
  };
  if (typeof declare !== 'function')
    throw bad(registry, `suite "${name}" has no function: write suite("${name}", ({ scenario }) => { … })`);
  const checkedContext = withKnownMembers(context, registry);
  if (registry.around) return registry.around(name, () => declare(checkedContext));
  try {
    declare(checkedContext);
  } catch (error) {
    throw placed(error, file, caller);
  }
}

/** Returns the file that calls `suite`, because the current file may import others that declare suites. */
function callingFile(): string | undefined {
  const trace: { readonly stack?: string } = {};
  Error.captureStackTrace(trace, suite);
  const caller = trace.stack?.split('\n')[1] ?? '';
  const name = /(file:\/\/.+|\/.+?):\d+:\d+\)?$/.exec(caller)?.[1]?.replace(/([?#]|%3F).*/, '');
  return name?.startsWith('file:') ? fileURLToPath(name) : name;
}

/** Adds the file and the line to an error of a builder. */
function placed(error: unknown, file: string, caller: string): unknown {
  if (!(error instanceof HarnessError) || error.code !== 'BAD_SCENARIO' || error.message.startsWith(file)) return error;
  return new HarnessError('BAD_SCENARIO', sentence(`${file}:${lineIn(error, caller) ?? 1}: ${error.message}`));
}

/** Rejects unknown members, because JavaScript would only say that `scenrio` is not a function. */
const withKnownMembers = (context: SuiteContext, registry: Registry): SuiteContext =>
  new Proxy(context, {
    get: (target, member) => {
      if (Object.hasOwn(target, member)) return target[member as keyof SuiteContext];
      throw bad(
        registry,
        `a suite is not given "${String(member)}": ${suggestion(String(member), Object.keys(target))}`,
      );
    },
  });

/** Returns the line of the call of `callee` in a file, if the stack has it. */
function lineOfCaller(file: string, callee: (...args: never[]) => unknown): number | undefined {
  const trace: { readonly stack?: string } = {};
  Error.captureStackTrace(trace, callee);
  return lineIn(trace, file);
}

/** Returns the line of a file that a stack names first. */
export function lineIn(trace: { readonly stack?: string }, file: string): number | undefined {
  const frame = trace.stack?.split('\n').find((line) => file !== '' && line.includes(basename(file)));
  const line = /:(\d+):\d+\)?$/.exec(frame ?? '')?.[1];
  return line === undefined ? undefined : Number(line);
}

/** Returns the first line, from `line` on, with one of the words that a problem names. */
function lineOf(path: string, line: number, words: readonly string[]): number {
  const lines = existsSync(path) ? readFileSync(path, 'utf8').split('\n') : [];
  for (const sought of [words.slice(0, 2), ...words.map((word) => [word])]) {
    const row = lines.findIndex((text, index) => index >= line - 1 && sought.every((word) => hasWord(text, word)));
    if (sought.length > 0 && row !== -1) return row + 1;
  }
  return line;
}

const hasWord = (text: string, word: string): boolean =>
  text.split(/[^\w.-]+/).includes(word) || (word.startsWith('<') && text.includes(word));

function reject(registry: Registry, error: HarnessError): void {
  if (registry.problems === undefined) throw error;
  registry.problems.push(error.message);
}

function badAt(
  { id, file }: Scenario,
  { clause, words }: Misfit,
  path: string,
  line: number | undefined,
): HarnessError {
  const place = line === undefined || basename(path) !== basename(file) ? file : `${file}:${lineOf(path, line, words)}`;
  return new HarnessError('BAD_SCENARIO', sentence(`${place}: ${clause.includes(id) ? '' : `${id}: `}${clause}`));
}

const sentence = (clause: string): string => `${clause.replace(/[.?]$/, '')}${clause.endsWith('?') ? '?' : '.'}`;

const bad = (registry: Registry, problem: string): HarnessError =>
  new HarnessError('BAD_SCENARIO', sentence(`${registry.file}: ${problem}`));

/** Returns why a scenario is invalid; undefined if it is valid. */
function problemOf(registry: Registry, scenario: Scenario): Misfit | undefined {
  const { id, title, spec } = scenario;
  if (!ID.test(id))
    return about(`scenario id "${id}" is not of the form AB-01 (capital letters, a dash, two or more digits)`);
  if (typeof title !== 'string' || title.trim() === '')
    return about(`scenario ${id} has no title: add a sentence about what it asserts`);
  const misfit = misshapen(spec);
  if (misfit !== undefined) return misfit;
  const problem = clauseAbout(registry, scenario);
  return problem === undefined ? undefined : about(problem);
}

/** Returns a clause and the texts that it quotes. */
const about = (clause: string): Misfit => ({
  clause,
  words: [/<[a-z-]+:[^>]+>/, /(?<=")[^"]+(?=")/, /denied|refused/]
    .flatMap((form) => form.exec(clause)?.[0] ?? [])
    .slice(0, 1),
});

function clauseAbout({ scenarios }: Registry, { id, spec }: Scenario): Problem {
  const twin = scenarios.find((other) => other.id === id);
  if (twin) return `scenario id ${id} is declared twice (also in ${twin.file}): give one of them another id`;
  const outcomes = spec.probes.flatMap((step) => (step.kind === 'probe' ? step.expectation.outcome : []));
  if (outcomes.length === 0) return `${id} has no probe, so it cannot fail: add one`;
  const negative = outcomes.some((outcome) => outcome === 'denied' || outcome === 'refused');
  const positive = outcomes.some((outcome) => outcome === 'granted' || outcome === 'absent');
  if (negative && !positive)
    return `${id} expects a denial but no grant: add a probe that must be granted, because a pod without any access is denied everything`;
  const problem = unusableName(id, spec) ?? meaningless(spec);
  if (problem !== undefined) return problem;
  const { roles = {}, workloads = {}, objects = [] } = spec;
  for (const [name, workload] of Object.entries(workloads)) {
    const association = associationOf(workload);
    const irsa = typeof workload.irsa === 'string' ? workload.irsa : undefined;
    for (const role of [association?.role, association?.targetRole, irsa])
      if (role !== undefined && !(role in roles))
        return `workload "${name}" names role "${role}", which the scenario does not declare`;
  }
  const bare = objects.map(placeOf).find((at) => !at.includes('/'));
  return bare === undefined ? undefined : `object "${bare}" is not of the form bucket/key`;
}
