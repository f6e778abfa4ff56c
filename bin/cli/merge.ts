import { realpathSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { HarnessError } from '../../foundation/node/errors.ts';
import { option } from '../../foundation/node/options.ts';
import type { RunResults } from '../../harness/results/results.ts';
import type { NamedReporter } from '../../harness/report/reporter.ts';
import type { Command } from './command.ts';
import { NO_COLOR } from './formats.ts';
import { EXIT_CODES } from './scenarios.ts';

export const MERGE: Command = {
  name: 'merge',
  summary: 'merge the results of shards',
  about: `Merge the results of all shards of a run, and report them like an unsharded run.

Each file is a results.json or a report folder.`,
  operands: { usage: 'A/results.json B/results.json …', least: 1 },
  options: [
    option.text('report-dir DIR', 'write reports to this folder (default: reports/<id>)'),
    option.list('reporter NAME|FILE', 'report with this reporter, as in a run (repeatable, or comma-separated)'),
    option.flag('quiet', 'print only the summary'),
    NO_COLOR,
  ],
  remarks: EXIT_CODES,
  async run({ flag, list, text, words }, { stdout, stderr, environment }) {
    const [
      { readRun },
      { coverageOf, mergeResults, withAttachments },
      { COVERAGE_FILE, prepareReportDirectory, writeWhole },
      reports,
      { wantsColor },
    ] = await Promise.all([
      import('../../harness/results/read-results.ts'),
      import('../../harness/merge/merge.ts'),
      import('../../harness/report/write.ts'),
      import('../../harness/report/reporters.ts'),
      import('../../foundation/node/text.ts'),
    ]);
    const runs = words.map(readRun);
    const coverage = coverageOf(runs);
    const merged = mergeResults(runs, coverage);
    const directory = text('report-dir') ?? join('reports', merged.run.id);
    const color = wantsColor(stderr, flag('no-color'), environment);
    const options = { stdout, stderr, environment, color, quiet: flag('quiet'), verbose: flag('verbose') };
    const reporters = await reports.makeReporters(list('reporter'), { ...options, scenarios: false });
    prepareReportDirectory(directory);
    const shardHere = runs.find(({ file }) => realpathSync(dirname(file)) === realpathSync(directory));
    if (shardHere !== undefined)
      throw new HarnessError(
        'BAD_REPORT_DIRECTORY',
        `Folder ${directory} has the results of a shard (${shardHere.file}): choose another with --report-dir.`,
      );
    if (coverage !== undefined) writeWhole(join(directory, COVERAGE_FILE), `${JSON.stringify(coverage, null, 2)}\n`);
    return report(withAttachments(merged, runs, directory), directory, reporters);
  },
};

/** Sends the merged results to the reporters like a finished run; returns its exit code. */
async function report(results: RunResults, directory: string, named: readonly NamedReporter[]): Promise<number> {
  const [{ Reporters }, { writeResults }] = await Promise.all([
    import('../../harness/report/reporter.ts'),
    import('../../harness/report/write.ts'),
  ]);
  const reporters = new Reporters(named);
  const { run, scenarios } = results;
  reporters.tell('runStarted', { id: run.id, directory, scenarios });
  for (const scenario of scenarios) {
    reporters.tell('scenarioStarted', scenario);
    reporters.tell('scenarioOver', scenario);
  }
  const files = [writeResults(directory, results), ...(await reporters.runOver(results))];
  await reporters.ask('reportsWritten', results, files);
  const [error] = reporters.errors;
  if (error !== undefined && run.exitCode === 0) throw error;
  return run.exitCode;
}
