import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { resultsFileIn } from '../results/results-journal.ts';
import type { Configuration } from '../config/configuration.ts';

export const REPORTS = 'reports';

/** Paths of results.json in the report folder and its subfolders, newest first, then those of `reports/`. */
export const resultsFiles = (configuration: Configuration): readonly string[] =>
  [...new Set([configuration.text('report-dir') ?? REPORTS, REPORTS])].flatMap(resultsBelow);

function resultsBelow(folder: string): readonly string[] {
  const entries = statSync(folder, { throwIfNoEntry: false })?.isDirectory()
    ? readdirSync(folder, { withFileTypes: true }).filter((entry) => entry.isDirectory())
    : [];
  return ['', ...entries.map(({ name }) => name)]
    .flatMap((name) => {
      const file = resultsFileIn(join(folder, name));
      const written = statSync(file, { throwIfNoEntry: false })?.mtimeMs;
      return written === undefined ? [] : [{ file, written }];
    })
    .sort((a, b) => b.written - a.written)
    .map(({ file }) => file);
}
