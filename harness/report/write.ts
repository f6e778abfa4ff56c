import {
  accessSync,
  chmodSync,
  closeSync,
  constants,
  existsSync,
  mkdirSync,
  openSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { HarnessError } from '../../foundation/node/errors.ts';
import type { Reporter } from './reporter.ts';
import type { RunResults } from '../results/results.ts';

/** File of a report folder with the coverage of policies. */
export const COVERAGE_FILE = 'policy-coverage.json';

/** Creates the report folder. Throws `HarnessError` if it is not writable. */
export function prepareReportDirectory(directory: string): void {
  try {
    makeFolder(directory);
    if (!statSync(directory).isDirectory()) throw Object.assign(new Error('is not a folder'), { code: 'ENOTDIR' });
    accessSync(directory, constants.W_OK | constants.X_OK);
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    const why = code === 'EEXIST' || code === 'ENOTDIR' ? 'a file has this name' : (code ?? (error as Error).message);
    throw new HarnessError(
      'BAD_REPORT_DIRECTORY',
      `Report folder ${directory} cannot be written (${why}): choose another with --report-dir.`,
      { cause: error },
    );
  }
}

/** Creates a folder and its parents. Node's `recursive` loops on file systems that reject folders, such as /proc. */
function makeFolder(directory: string): void {
  if (existsSync(directory)) return;
  const above = dirname(directory);
  if (above !== directory) makeFolder(above);
  mkdirSync(directory);
}

/** Writes results.json one scenario at a time; returns its path. Throws like `writeWhole`. */
export const writeResults = (directory: string, results: RunResults): string =>
  writeWhole(join(directory, 'results.json'), jsonOf(results));

/** Yields indented JSON with one scenario a line, in pieces, because the whole text may need much memory. */
function* jsonOf(results: RunResults): Iterable<string> {
  const { scenarios } = results;
  const [head = '', tail = ''] = `${JSON.stringify({ ...results, scenarios: [] }, null, 2)}\n`.split(
    /(?<=^ {2}"scenarios": \[)(?=\])/m,
  );
  yield head;
  for (const [index, scenario] of scenarios.entries())
    yield `${index === 0 ? '' : ','}\n    ${JSON.stringify(scenario)}`;
  yield `${scenarios.length === 0 ? '' : '\n  '}${tail}`;
}

/** Returns a reporter that writes its content, if any, to a file of the report folder at the end of the run. */
export function fileReporter(
  name: string,
  content: (results: RunResults, directory: string) => string | Iterable<string> | undefined,
): Reporter {
  let directory = '';
  return {
    runStarted: (run) => {
      directory = run.directory;
    },
    runOver: (results) => {
      const text = content(results, directory);
      if (text !== undefined) return [writeWhole(join(directory, name), text)];
    },
  };
}

/** Writes a file atomically, readable by all users; returns its path. Throws `HarnessError` REPORT_NOT_WRITTEN. */
export function writeWhole(path: string, content: string | Iterable<string>, flag = 'report-dir'): string {
  const temporary = `${path}.part`;
  try {
    makeFolder(dirname(path));
    writeAll(temporary, typeof content === 'string' ? [content] : content);
    chmodSync(temporary, 0o644);
    renameSync(temporary, path);
    return path;
  } catch (error) {
    rmSync(temporary, { force: true });
    throw notWritten(path, flag, error as NodeJS.ErrnoException);
  }
}

function writeAll(path: string, pieces: Iterable<string>): void {
  const file = openSync(path, 'w');
  try {
    for (const piece of pieces) writeFileSync(file, piece);
  } finally {
    closeSync(file);
  }
}

const CAUSES: Readonly<Record<string, string>> = {
  ENOSPC: 'the disk is full',
  EDQUOT: 'the quota is used up',
  EROFS: 'the file system is read-only',
  EACCES: 'permission denied',
};

function notWritten(path: string, flag: string, error: NodeJS.ErrnoException): HarnessError {
  const { code = error.message } = error;
  const why = CAUSES[code] === undefined ? code : `${CAUSES[code]}, ${code}`;
  return new HarnessError(
    'REPORT_NOT_WRITTEN',
    `${path} could not be written (${why}): make room, or choose another place with --${flag}.`,
    { cause: error },
  );
}
