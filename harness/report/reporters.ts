import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { HarnessError } from '../../foundation/node/errors.ts';
import { suggestion } from '../../foundation/node/nearest.ts';
import { prepareForUserFiles } from '../scenario-files/user-files.ts';
import { runnerReporter } from './events.ts';
import { fidelityReporter } from './fidelity.ts';
import { githubReporter } from './github.ts';
import { jsonlReporter } from './jsonl.ts';
import { junitReporter } from './junit.ts';
import { pageReporter } from './page.ts';
import type { NamedReporter, Reporter, ReporterOptions } from './reporter.ts';
import { Terminal, type TerminalOptions } from './terminal.ts';

/** The reporters by name. To add one, add a file with the reporter, and a line here. */
const REPORTERS = {
  terminal: (options: TerminalOptions) => new Terminal(options),
  list: (options: TerminalOptions) => new Terminal({ ...options, style: 'list' }),
  dot: (options: TerminalOptions) => new Terminal({ ...options, style: 'dot' }),
  junit: () => junitReporter(),
  html: () => pageReporter(),
  jsonl: (options: ReporterOptions) => jsonlReporter(options.stdout),
  'in-cluster': (options: ReporterOptions) => runnerReporter(options.stdout),
  github: githubReporter,
  fidelity: () => fidelityReporter(),
} as const satisfies Readonly<Record<string, (options: MakeOptions) => Reporter>>;

type MakeOptions = ReporterOptions & Pick<TerminalOptions, 'scenarios'>;
type Name = keyof typeof REPORTERS;
const isName = (name: string): name is Name => Object.hasOwn(REPORTERS, name);

const defaults = (environment: ReporterOptions['environment']): readonly Name[] => [
  'terminal',
  'junit',
  'html',
  'fidelity',
  ...(environment['GITHUB_ACTIONS'] === 'true' ? (['github'] as const) : []),
];

/** Creates reporters of this registry, of mocha, or from module paths. Throws `HarnessError` BAD_REPORTER. */
export async function makeReporters(
  wanted: readonly string[],
  options: MakeOptions,
): Promise<readonly NamedReporter[]> {
  const names = [...new Set(wanted.length === 0 ? defaults(options.environment) : wanted)];
  const [one, other] = names.filter(isTerminal);
  if (one !== undefined && other !== undefined) throw onSameStream('reporters', one, other);
  const made: NamedReporter[] = [];
  const ofMocha: string[] = [];
  for (const name of names)
    if (isName(name)) made.push({ name, reporter: REPORTERS[name](options) });
    else if (/[/\\]|\.[cm]?[jt]s$/.test(name)) made.push({ name, reporter: await fromModule(name, options) });
    else ofMocha.push(name);
  if (ofMocha.length === 0) return made;
  const [name, reporter] = await fromMocha(ofMocha);
  // mocha shows the scenarios; the terminal shows the rest on standard error.
  const terminal = { name: 'terminal', reporter: new Terminal({ ...options, scenarios: false }) };
  return [{ name, reporter }, terminal, ...made.filter((item) => !isTerminal(item.name))];
}

async function fromMocha(names: readonly string[]): Promise<readonly [string, Reporter]> {
  const { mochaReporter, MOCHA_REPORTERS } = await import('./mocha.ts');
  const unknown = names.find((name) => !MOCHA_REPORTERS.includes(name));
  if (unknown !== undefined)
    throw bad(`Unknown reporter "${unknown}": ${suggestion(unknown, [...Object.keys(REPORTERS), ...MOCHA_REPORTERS])}`);
  const [name = '', other] = names;
  if (other !== undefined) throw onSameStream('reporters of mocha', name, other);
  return [name, mochaReporter(name)];
}

export const isTerminal = (name: string): boolean => ['terminal', 'list', 'dot'].includes(name);

const bad = (message: string, cause?: unknown): HarnessError => new HarnessError('BAD_REPORTER', message, { cause });

const onSameStream = (what: string, one: string, other: string): HarnessError =>
  bad(`--reporter names two ${what} (${one}, ${other}), which print to the same stream: choose one.`);

/** Loads a user's module, whose default export is a reporter or a function that returns one. */
async function fromModule(path: string, options: ReporterOptions): Promise<Reporter> {
  const file = resolve(path);
  if (!existsSync(file)) throw bad(`Reporter ${path} does not exist: check the path of --reporter.`);
  let made: Reporter | null | undefined;
  try {
    await prepareForUserFiles();
    const { default: exported } = (await import(pathToFileURL(file).href)) as UserModule;
    made = typeof exported === 'function' ? await exported(options) : exported;
  } catch (error) {
    const [line] = (error as Error).message.split('\n');
    throw bad(`Reporter ${path} cannot be loaded: ${line?.replace(/\.$/, '')}.`, error);
  }
  if (typeof made !== 'object' || made === null)
    throw bad(
      `Reporter ${path} does not export a reporter by default: export an object, or a function that returns one.`,
    );
  return made;
}

interface UserModule {
  readonly default?: Reporter | ((options: ReporterOptions) => Reporter | Promise<Reporter>);
}
