import { realpathSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { HarnessError } from '../../foundation/node/errors.ts';
import { option } from '../../foundation/node/options.ts';
import type { Run } from '../../harness/results/read-results.ts';
import type { PageData } from '../../harness/page/data.ts';
import type { Command } from './command.ts';
import { DEVIATIONS } from './compare.ts';

export const REPORT: Command = {
  name: 'report',
  summary: 'write the HTML page of a run, or of two runs side by side',
  about: `Write the HTML page of a run from its results.json. For two runs, write one page that shows both and their differences, as
the command compare does.

A and B are results.json files or report folders.`,
  operands: { usage: 'A/results.json [B/results.json]', least: 1, most: 2 },
  options: [
    option.text('output FILE', 'write to this file (default: report.html next to A, or compare.html next to B)'),
    DEVIATIONS,
  ],
  remarks: 'Exit codes: 0 written; 2 wrong usage or an unreadable file; 3 not writable.',
  async run({ list, text, words: [one = '', other] }, { stdout }) {
    const [{ readRun }, { coverageIn, PAGE_FILE, pageHtml }, { writeWhole }] = await Promise.all([
      import('../../harness/results/read-results.ts'),
      import('../../harness/report/page.ts'),
      import('../../harness/report/write.ts'),
    ]);
    const a = readRun(one);
    const b = other === undefined ? undefined : readRun(other);
    if (b === undefined && list('deviations').length > 0)
      throw new HarnessError('UNKNOWN_FLAG', '--deviations requires two runs: give the results of a second run.');
    const data: Contents =
      b === undefined
        ? { runs: [a.results], ...coverageIn(dirname(a.file)) }
        : await compared(a, b, list('deviations'));
    const file =
      text('output') ?? (b === undefined ? join(dirname(a.file), PAGE_FILE) : join(dirname(b.file), 'compare.html'));
    stdout.write(`Report: ${writeWhole(resolve(file), pageHtml(data), 'output')}\n`);
    return 0;
  },
};

type Contents = Omit<PageData, 'again'>;

async function compared(a: Run, b: Run, files: readonly string[]): Promise<Contents> {
  if (realpathSync(a.file) === realpathSync(b.file))
    throw new HarnessError('BAD_FILE', `A and B are the same file, ${a.file}: give the results of two runs.`);
  const [{ compare }, { readDeviations }, { sideOf }] = await Promise.all([
    import('../../harness/compare/compare.ts'),
    import('../../harness/compare/deviations.ts'),
    import('../../harness/results/read-results.ts'),
  ]);
  const { a: _a, b: _b, ...comparison } = compare(sideOf(a), sideOf(b), files.flatMap(readDeviations));
  return { runs: [a.results, b.results], comparison };
}
