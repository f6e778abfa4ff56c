import { realpathSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { HarnessError } from '../../foundation/errors.ts';
import { wantsColor } from '../report/terminal.ts';
import { prepareReportDirectory } from '../report/write.ts';
import { compare, type Comparison } from './compare.ts';
import { readDeviations, shippedDeviations } from './deviations.ts';
import { comparisonJson } from './json.ts';
import { comparisonMarkdown } from './markdown.ts';
import { readResults } from './read-results.ts';
import { comparisonText } from './text.ts';
import { UsageError } from './usage-error.ts';

const HELP = `Usage: npm run compare -- [flags] A/results.json B/results.json

Compares what two runs of the conformance suites found: verdicts of scenarios, and of their probes verdict, outcome,
layer, code, status, identity and the facts that they expect. Differences that are known, with a reason, do not count.

A and B are results.json files, or report folders with one.

Flags:
  --deviations FILE   further known deviations, YAML or JSON (may be repeated)
  --strict            also fail for known deviations that no longer occur
  --output DIR        write compare.json and compare.md there
  --no-color          plain text
  --help              print this help

Exit codes: 0 no difference but known ones, 1 a difference that is not known, 2 a file or the command line is wrong,
3 no scenario has a verdict on both sides, so that nothing was compared.
`;

interface Output {
  readonly isTTY?: boolean;
  write(text: string): unknown;
}

interface Io {
  readonly stdout: Output;
  readonly stderr: Output;
  readonly environment: Readonly<Record<string, string | undefined>>;
}

/** Runs the command; answers its exit code. */
export async function main(argv: readonly string[], { stdout, stderr, environment }: Io): Promise<0 | 1 | 2 | 3> {
  try {
    const options = parseArguments(argv);
    if (options === 'help') {
      stdout.write(HELP);
      return 0;
    }
    const deviations = [...shippedDeviations(), ...options.deviations.flatMap(readDeviations)];
    const [a, b] = options.files.map(readResults) as [ReturnType<typeof readResults>, ReturnType<typeof readResults>];
    if (realpathSync(a.file) === realpathSync(b.file))
      throw new UsageError(`A and B are the same file, ${a.file}: give the results of two runs.`);
    const comparison = compare(a, b, deviations);
    const exitCode = exitCodeOf(comparison, options.strict);
    if (options.output !== undefined) write(options.output, comparison, exitCode);
    stdout.write(comparisonText(comparison, wantsColor(stdout, options.noColor, environment)));
    if (exitCode === 3) stderr.write('compare: no scenario has a verdict on both sides, so nothing was compared.\n');
    return exitCode;
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    stderr.write(`compare: ${error.message}\n`);
    return 2;
  }
}

function exitCodeOf({ summary, stale }: Comparison, strict: boolean): 0 | 1 | 3 {
  if (summary.compared === 0) return 3;
  return summary.differ > summary.known || (strict && stale.length > 0) ? 1 : 0;
}

interface Options {
  readonly files: readonly string[];
  readonly deviations: readonly string[];
  readonly strict: boolean;
  readonly output: string | undefined;
  readonly noColor: boolean;
}

function parseArguments(argv: readonly string[]): Options | 'help' {
  const options = {
    deviations: { type: 'string', multiple: true },
    strict: { type: 'boolean' },
    output: { type: 'string' },
    'no-color': { type: 'boolean' },
    help: { type: 'boolean', short: 'h' },
  } as const;
  let parsed;
  try {
    parsed = parseArgs({ args: [...argv], options, allowPositionals: true });
  } catch (error) {
    // The first sentence names the argument; the rest is about how to pass it as a file's name.
    const [sentence] = (error as Error).message.split(/\.\s/);
    throw new UsageError(`${sentence}; --help tells what there is.`);
  }
  const { values, positionals } = parsed;
  if (values.help) return 'help';
  if (positionals.length !== 2)
    throw new UsageError(`Give two results.json files, not ${positionals.length}; --help tells more.`);
  for (const [name, value] of [
    ['A', positionals[0]],
    ['B', positionals[1]],
    ['--output', values.output],
    ...(values.deviations ?? []).map((file) => ['--deviations', file] as const),
  ] as const)
    if (value === '') throw new UsageError(`${name} is empty: give a path.`);
  return {
    files: positionals,
    deviations: values.deviations ?? [],
    strict: values.strict ?? false,
    output: values.output,
    noColor: values['no-color'] ?? false,
  };
}

function write(folder: string, comparison: Comparison, exitCode: number): void {
  try {
    prepareReportDirectory(folder);
    writeFileSync(join(folder, 'compare.json'), comparisonJson(comparison, exitCode));
    writeFileSync(join(folder, 'compare.md'), comparisonMarkdown(comparison));
  } catch (error) {
    const { code } = (error instanceof HarnessError ? error.cause : error) as NodeJS.ErrnoException;
    throw new UsageError(`Cannot write to folder ${folder} (${code ?? 'unknown cause'}): give another with --output.`);
  }
}
