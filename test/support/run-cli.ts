import { setMaxListeners } from 'node:events';
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { RunResults } from '../../harness/results/results.ts';
import { executed } from './executed.ts';

export const ROOT = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

/** Builds dist/ if sources are newer, unless `npm test` has already built it. */
export function ensureBuilt(): void {
  if (process.env['TEST_DIST_IS_BUILT'] !== undefined) return;
  const fresh = `import { isFresh } from ${JSON.stringify(join(ROOT, 'scripts', 'freshness.js'))}; process.exit(isFresh() ? 0 : 1);`;
  const { status } = spawnSync(process.execPath, ['--input-type=module', '--eval', fresh]);
  if (status === 0) return;
  const build = spawnSync(process.execPath, [join(ROOT, 'scripts', 'build.js')], { encoding: 'utf8' });
  if (build.status !== 0) throw new Error(`The build failed:\n${build.stderr}`);
}

let snapshot: string | undefined;

/** Returns a copy of the built package, so that source changes do not affect running tests. */
export function builtPackage(): string {
  if (snapshot !== undefined) return snapshot;
  ensureBuilt();
  const folder = temporaryFolder();
  for (const part of ['bin', 'dist', 'package.json'])
    cpSync(join(ROOT, part), join(folder, part), { recursive: true, preserveTimestamps: true });
  symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'));
  snapshot = folder;
  return folder;
}

const folders: string[] = [];
const running = new Set<ChildProcess>();
/** Milliseconds after which a command is killed. Shorter than mocha's timeout, so that the test fails with the command's output. */
const LONGEST = 9 * 60_000;
process.on('exit', () => {
  for (const child of running) child.kill();
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

/** Creates a folder that is removed after the tests: by `npm test`, because mocha kills its processes, or by this process. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(process.env['TEST_FOLDER'] ?? tmpdir(), 'conformance-cli-'));
  folders.push(folder);
  return folder;
}

export interface CliOptions {
  readonly args?: readonly string[];
  /** Suite files and helpers below `lib/`, by name, loaded with `--suites-dir`. They may import `eks-pod-identity-conformance`. */
  readonly files?: Readonly<Record<string, string>>;
  /** Variables added to a clean environment, which inherits no options or colour settings. */
  readonly env?: Readonly<Record<string, string>>;
  /** Signals to send when a text appears on standard error. */
  readonly signals?: readonly {
    readonly after: string;
    readonly delay?: number;
    readonly signal: NodeJS.Signals;
    /** Called with the current standard error and awaited before the signal is sent. */
    readonly look?: (stderr: string) => Promise<void>;
  }[];
  /** Called with a function that sends signals, as soon as the command has started. */
  readonly started?: (send: (signal: NodeJS.Signals) => void) => void;
  /** `own` if `args` set the report folder, or the command has none. */
  readonly reports?: 'temporary' | 'own';
  /** Name of the command. Default: the one that runs scenarios. */
  readonly command?: string;
  /** Default: a new folder. */
  readonly directory?: string;
}

export interface CliRun {
  readonly exitCode: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
  /** Working directory of the process. The default report folder is its `reports/`. */
  readonly directory: string;
  readonly reportDirectory: string;
  /** Content of results.json, or undefined. */
  readonly results: RunResults | undefined;
  /** Content of junit.xml, or undefined. */
  readonly junit: string | undefined;
  readonly pid: number;
  readonly milliseconds: number;
}

/** Runs the built command in an empty folder and waits until it exits. */
export async function runConformance(options: CliOptions = {}): Promise<CliRun> {
  const { directory, reportDirectory, args } = prepared(options);
  const started = performance.now();
  const child = spawn(
    process.execPath,
    [
      join(builtPackage(), 'bin', 'conformance.js'),
      ...(options.command === undefined ? [] : [options.command]),
      ...args,
    ],
    {
      cwd: directory,
      env: {
        PATH: process.env['PATH'] ?? '',
        HOME: directory,
        TMPDIR: makeFolder(join(directory, 'tmp')),
        ...options.env,
      },
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: LONGEST,
    },
  );
  running.add(child);
  options.started?.((signal) => void child.kill(signal));
  let stdout = '';
  let stderr = '';
  const waiting = [...(options.signals ?? [])];
  let from = 0;
  const look = (): void => {
    const next = waiting[0];
    const found = next === undefined ? -1 : stderr.indexOf(next.after, from);
    if (next === undefined || found === -1) return;
    waiting.shift();
    from = found + next.after.length;
    setTimeout(() => {
      void (next.look?.(stderr) ?? Promise.resolve()).finally(() => {
        child.kill(next.signal);
        look();
      });
    }, next.delay ?? 0);
  };
  child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => {
    stderr += chunk.toString();
    look();
  });
  const [exitCode, signal] = await new Promise<[number | null, NodeJS.Signals | null]>((resolve) => {
    child.on('close', (code, by) => resolve([code, by]));
  });
  running.delete(child);
  return {
    exitCode,
    signal,
    stdout,
    stderr,
    directory,
    ...reportsIn(reportDirectory),
    pid: child.pid ?? 0,
    milliseconds: performance.now() - started,
  };
}

/**
 * Runs the command from its sources in this process and in an empty folder. This is much faster than `runConformance`, for tests
 * that do not depend on the process.
 */
export async function runInProcess(
  options: Pick<CliOptions, 'args' | 'files' | 'env' | 'reports' | 'command' | 'directory'> = {},
): Promise<CliRun> {
  ensureBuilt();
  const { directory, reportDirectory, args } = prepared(options);
  const before = process.cwd();
  const started = performance.now();
  // Same as in bin/cli/main.ts.
  setMaxListeners(0);
  process.chdir(directory);
  try {
    const environment = { PATH: process.env['PATH'], ...options.env };
    const words = options.command === undefined ? args : [options.command, ...args];
    const { code, out, err } = await executed(undefined, words, { environment, root: ROOT, code: ROOT });
    const milliseconds = performance.now() - started;
    const reports = reportsIn(reportDirectory);
    return {
      exitCode: code,
      signal: null,
      stdout: out,
      stderr: err,
      directory,
      ...reports,
      pid: process.pid,
      milliseconds,
    };
  } finally {
    process.chdir(before);
  }
}

function prepared({ args: given = [], files, reports, directory = temporaryFolder() }: CliOptions) {
  const reportDirectory = join(directory, 'reports');
  const args = [...given];
  if (files) {
    mkdirSync(join(directory, 'my-suites', 'lib'), { recursive: true });
    for (const [name, text] of Object.entries(files)) writeFileSync(join(directory, 'my-suites', name), text);
    args.push('--suites-dir', 'my-suites');
  }
  if (reports !== 'own') args.push('--report-dir', reportDirectory);
  return { directory, reportDirectory, args };
}

function reportsIn(reportDirectory: string): Pick<CliRun, 'reportDirectory' | 'results' | 'junit'> {
  const read = (name: string): string | undefined => {
    const file = join(reportDirectory, name);
    return existsSync(file) ? readFileSync(file, 'utf8') : undefined;
  };
  const results = read('results.json');
  return {
    reportDirectory,
    results: results === undefined ? undefined : (JSON.parse(results) as RunResults),
    junit: read('junit.xml'),
  };
}

function makeFolder(path: string): string {
  mkdirSync(path, { recursive: true });
  return path;
}
