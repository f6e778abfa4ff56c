import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { commandLine } from '../../foundation/node/command-line.ts';
import { readJson } from '../../foundation/node/read-file.ts';
import { validated } from '../../foundation/node/validate.ts';
import { distFolder } from '../../foundation/node/dist-folder.ts';
import { pack, type Packed, type PageData } from '../page/data.ts';
import type { Reporter } from './reporter.ts';
import { policyCoverageSchema } from '../results/results-schema.ts';
import type { RunResults, ScenarioResult } from '../results/results.ts';
import { COVERAGE_FILE, fileReporter } from './write.ts';

export const PAGE_FILE = 'report.html';

export const pageReporter = (): Reporter =>
  fileReporter(PAGE_FILE, (results, directory) => pageHtml({ runs: [results], ...coverageIn(directory) }));

/** Returns the policy coverage in a run's report folder, if any. Throws `HarnessError` BAD_FILE. */
export function coverageIn(directory: string): Pick<PageData, 'policyCoverage'> {
  const file = join(directory, COVERAGE_FILE);
  if (!existsSync(file)) return {};
  const policyCoverage = validated(
    policyCoverageSchema,
    readJson(file, 'Policy coverage'),
    (problem) => `${file} was not written by a run of this version: ${problem}. Delete it, or run the scenarios again.`,
  );
  return { policyCoverage };
}

/** Yields the page of one run or of two compared runs in pieces, because the whole may need much memory. The page needs no other file. */
export function* pageHtml({ runs: [run, other], ...rest }: Omit<PageData, 'again'>): Iterable<string> {
  const data = { ...rest, again: commandLine('run', '--scenario'), runs: [slim(run), ...(other ? [slim(other)] : [])] };
  const title = [run, ...(other ? [other] : [])].map((one) => one.run.id).join(' and ');
  const template = readFileSync(join(distFolder(), 'page.html'), 'utf8');
  const [head = '', tail = ''] = template.split('{{data}}');
  // Uses a function, because texts may contain `$`.
  yield head.replace('{{title}}', () => `Conformance run ${escaped(title)}`);
  yield* piecesOf(pack(data));
  yield tail;
}

const NODES_OF_PIECE = 10_000;

function* piecesOf({ shapes, nodes }: Packed): Iterable<string> {
  yield `{"shapes":${json(shapes)},"nodes":[`;
  for (let start = 0; start < nodes.length; start += NODES_OF_PIECE)
    yield `${start === 0 ? '' : ','}${json(nodes.slice(start, start + NODES_OF_PIECE)).slice(1, -1)}`;
  yield ']}';
}

const escaped = (text: string): string => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;');

/** Returns JSON that cannot end a script element. */
const json = (value: unknown): string =>
  JSON.stringify(value).replaceAll('<', '\\u003c').replaceAll('\u2028', '\\u2028').replaceAll('\u2029', '\\u2029');

/** Removes unset options and statements that did not decide. */
function slim(results: RunResults): RunResults {
  const { configuration, scenarios } = results;
  return {
    ...results,
    configuration: Object.fromEntries(Object.entries(configuration).filter(([, { origin }]) => origin !== 'default')),
    scenarios: scenarios.map(slimScenario),
  };
}

const slimScenario = (scenario: ScenarioResult): ScenarioResult => ({
  ...scenario,
  probes: scenario.probes.map(({ expected: { text, outcome }, ...probe }) => ({
    ...probe,
    expected: { text, outcome },
  })),
  calls: scenario.calls.map((call) => ({
    ...call,
    decisions: call.decisions.map(({ others: _others, ...decision }) => decision),
  })),
});
