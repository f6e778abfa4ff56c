import { accessSync, chmodSync, constants, existsSync, mkdirSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { dirname, isAbsolute, join, relative, resolve } from 'node:path';
import { HarnessError } from '../../foundation/errors.ts';
import { fidelityMarkdown } from './fidelity.ts';
import { junitXml } from './junit.ts';
import type { RunResults } from './results.ts';

/** Makes the report folder; throws `HarnessError` when it cannot be written. */
export function prepareReportDirectory(directory: string): void {
  try {
    makeFolder(directory);
    if (!statSync(directory).isDirectory()) throw Object.assign(new Error('is no folder'), { code: 'ENOTDIR' });
    accessSync(directory, constants.W_OK | constants.X_OK);
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    const why =
      code === 'EEXIST' || code === 'ENOTDIR' ? 'there is a file of that name' : (code ?? (error as Error).message);
    throw new HarnessError(
      'BAD_REPORT_DIRECTORY',
      `Report folder ${directory} cannot be written (${why}): choose another with --report-dir.`,
      { cause: error },
    );
  }
}

/** Makes a folder and those above it. Node's own `recursive` never ends where a file system makes none, such as /proc. */
function makeFolder(directory: string): void {
  if (existsSync(directory)) return;
  const above = dirname(directory);
  if (above !== directory) makeFolder(above);
  mkdirSync(directory);
}

/** Writes results.json and what is made from it; gives the paths. */
export function writeReports(directory: string, results: RunResults): readonly string[] {
  const files: readonly (readonly [string, string])[] = [
    ['results.json', `${JSON.stringify(results, null, 2)}\n`],
    ['junit.xml', junitXml(results, fromHere(directory))],
    // Where AWS itself is what is judged.
    ...(results.environment.aws === 'endpoint' && results.environment.services.length > 0
      ? ([['fidelity.md', fidelityMarkdown(results)]] as const)
      : []),
  ];
  return files.map(([name, content]) => writeWhole(join(directory, name), content));
}

/** A folder as seen from where the command was started, which CI servers count paths from; absolute when it lies elsewhere. */
function fromHere(directory: string): string {
  const path = relative(process.cwd(), resolve(directory));
  return path.startsWith('..') || isAbsolute(path) ? resolve(directory) : path;
}

/** Through a temporary file, so that a reader never meets half a report; readable by a CI's uploader. */
export function writeWhole(path: string, content: string): string {
  makeFolder(dirname(path));
  const temporary = `${path}.part`;
  writeFileSync(temporary, content);
  chmodSync(temporary, 0o644);
  renameSync(temporary, path);
  return path;
}
