import { realpathSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { HarnessError } from '../../foundation/node/errors.ts';
import { option } from '../../foundation/node/options.ts';
import type { Comparison } from '../../harness/compare/compare.ts';
import type { Command } from './command.ts';
import { NO_COLOR } from './formats.ts';

export const DEVIATIONS = option.list(
  'deviations FILE',
  'read known deviations from this YAML or JSON file (repeatable, or comma-separated)',
);

export const COMPARE: Command = {
  name: 'compare',
  summary: 'report how two runs differ',
  about: `Compare two runs of the conformance suites: the verdict of each scenario, and the verdict, outcome, layer, code, status,
identity and expected facts of each probe. Known deviations with a reason do not count.

A and B are results.json files or report folders. Append #python@1.34.41 to select the results of that client.`,
  operands: { usage: 'A/results.json B/results.json', least: 2, most: 2 },
  options: [
    DEVIATIONS,
    option.flag('strict', 'also fail for known deviations that no longer occur'),
    option.flag('require-same', 'also fail if a scenario that A judged has no verdict in B'),
    option.text('output DIR', 'write compare.json to this folder'),
    NO_COLOR,
  ],
  remarks: `Exit codes: 0 no unknown difference; 1 an unknown difference; 2 wrong usage or an unreadable file; 3 nothing to compare,
because no scenario has a verdict on both sides.`,
  async run({ flag, list, text, words: [one = '', other = ''] }, { stdout, stderr, environment }) {
    const [{ compare }, { readDeviations }, { readResults }, { comparisonText }, { wantsColor, widthOf }] =
      await Promise.all([
        import('../../harness/compare/compare.ts'),
        import('../../harness/compare/deviations.ts'),
        import('../../harness/results/read-results.ts'),
        import('../../harness/compare/text.ts'),
        import('../../foundation/node/text.ts'),
      ]);
    const deviations = list('deviations').flatMap(readDeviations);
    const [a, b] = [readResults(one), readResults(other)];
    if (realpathSync(a.file) === realpathSync(b.file) && a.facts['client'] === b.facts['client'])
      throw new HarnessError('BAD_FILE', `A and B are the same file, ${a.file}: give the results of two runs.`);
    const comparison = compare(a, b, deviations);
    const vanished = flag('require-same') ? vanishedFrom(comparison) : [];
    const exitCode = exitCodeOf(comparison, flag('strict'), vanished.length > 0);
    const folder = text('output');
    if (folder !== undefined) await write(folder, comparison, exitCode);
    const color = wantsColor(stdout, flag('no-color'), environment);
    stdout.write(comparisonText(comparison, color, widthOf(stdout, environment)));
    if (vanished.length > 0)
      stderr.write(
        `${vanished.length} of the scenarios that A judged have no verdict in B: ${vanished.join(', ')}. Run them in B too, or remove --require-same.\n`,
      );
    if (exitCode === 3) stderr.write('No scenario has a verdict on both sides, so nothing was compared.\n');
    return exitCode;
  },
};

function exitCodeOf({ summary, stale }: Comparison, strict: boolean, lacks: boolean): 0 | 1 | 3 {
  if (summary.compared === 0) return 3;
  return summary.differ > summary.known || (strict && stale.length > 0) || lacks ? 1 : 0;
}

/** Returns the ids of scenarios that only A judged. */
const vanishedFrom = ({ scenarios }: Comparison): readonly string[] =>
  scenarios.filter(({ a, b }) => isJudged(a?.verdict) && !isJudged(b?.verdict)).map(({ id }) => id);

const isJudged = (verdict: string | undefined): boolean => verdict === 'passed' || verdict === 'failed';

async function write(folder: string, comparison: Comparison, exitCode: number): Promise<void> {
  const [{ prepareReportDirectory }, { comparisonJson }] = await Promise.all([
    import('../../harness/report/write.ts'),
    import('../../harness/compare/json.ts'),
  ]);
  try {
    prepareReportDirectory(folder);
    writeFileSync(join(folder, 'compare.json'), comparisonJson(comparison, exitCode));
  } catch (error) {
    const { code } = (error instanceof HarnessError ? error.cause : error) as NodeJS.ErrnoException;
    throw new HarnessError(
      'BAD_REPORT_DIRECTORY',
      `Cannot write to folder ${folder} (${code ?? 'unknown cause'}): choose another with --output.`,
    );
  }
}
