import { isAbsolute, posix, relative, resolve } from 'node:path';
import { grouped } from '../../foundation/node/grouped.ts';
import { EXIT } from '../../foundation/node/errors.ts';
import type { Reporter } from './reporter.ts';
import { explanationLines, explanationOf } from '../results/explanation.ts';
import { isFine, ownTime, type ProbeOutcome, type RunResults, type ScenarioResult } from '../results/results.ts';
import { allowedText, coverageProblem } from '../results/text.ts';
import { whyLine } from './wrong-probes.ts';
import { fileReporter } from './write.ts';

export const junitReporter = (): Reporter =>
  fileReporter('junit.xml', (results, directory) => junitXml(results, fromHere(directory)));

/** Returns a folder relative to the working directory, as CI servers expect; absolute if it is outside. */
function fromHere(directory: string): string {
  const path = relative(process.cwd(), resolve(directory));
  return path.startsWith('..') || isAbsolute(path) ? resolve(directory) : path;
}

/**
 * Returns JUnit XML for GitLab, GitHub actions and CircleCI that is valid by Jenkins's schema (junit-10.xsd of its xUnit
 * plugin). Only suites have totals, and names are unique. `failure` is for the subject, `error` for the environment and
 * inconclusive verdicts. A run that could not provision has one case. Attachments are lines `[[ATTACHMENT|path]]` in
 * `system-out` (Jenkins's "JUnit Attachments" plugin; GitLab, "Unit test reports", View JUnit screenshots), relative to
 * `directory`, the report folder for CI servers.
 */
export function junitXml(results: RunResults, directory: string): string {
  const suites = grouped(results.scenarios, ({ suite, file }) => `${suite} ${file}`);
  const blocks = [...suites.values()].map((scenarios) => suiteXml(scenarios, results, directory));
  const testCases = casesOfRun(results);
  blocks.push(...testCases.map((item) => ownSuiteXml(item, results)));
  const attributes = attributesOf({ name: 'conformance', time: seconds(results.run.milliseconds) });
  return `<?xml version="1.0" encoding="UTF-8"?>\n<testsuites${attributes}>\n${blocks.join('')}</testsuites>\n`;
}

/** Counts verdicts. Failures that the gate allows count as skipped, because CI servers stop at failures. */
function totals(scenarios: readonly ScenarioResult[]) {
  const bad = scenarios.filter((scenario) => !isFine(scenario));
  const failures = bad.filter(({ verdict }) => verdict === 'failed').length;
  return {
    tests: scenarios.length,
    failures,
    errors: bad.length - failures,
    skipped: scenarios.filter((scenario) => isFine(scenario) && scenario.verdict !== 'passed').length,
  };
}

/** Returns a suite with the scenarios of one file, because only suites have files in Jenkins's schema. */
function suiteXml(scenarios: readonly ScenarioResult[], results: RunResults, directory: string): string {
  const { suite, file } = scenarios[0]!;
  const { run, environment } = results;
  const time = scenarios.reduce((sum, scenario) => sum + ownTime(scenario), 0);
  const attributes = attributesOf({ ...suiteValues(run, suite, totals(scenarios), time), file });
  const charts = new Set(environment.clusters.flatMap(({ facts }) => facts['agentChart'] ?? []));
  const properties = propertiesXml({
    run: run.id,
    cluster: environment.cluster,
    aws: environment.aws,
    harness: environment.harness,
    ...(charts.size > 0 && { agentChart: [...charts].join() }),
    ...(environment.faults.length > 0 && { faults: environment.faults.join(',') }),
  });
  return `  <testsuite${attributes}>\n${properties}${scenarios.map((scenario) => caseXml(scenario, directory)).join('')}  </testsuite>\n`;
}

const suiteValues = (
  run: RunResults['run'],
  suite: string,
  counts: ReturnType<typeof totals>,
  milliseconds: number,
) => ({
  name: `conformance.${suite}`,
  ...counts,
  time: seconds(milliseconds),
  timestamp: run.startedAt.replace(/\.\d+Z$/, 'Z'),
  hostname: 'localhost',
});

function caseXml(scenario: ScenarioResult, directory: string): string {
  const attributes = attributesOf({
    name: `${scenario.id} ${scenario.title}`,
    classname: `conformance.${scenario.suite}`,
    time: seconds(ownTime(scenario)),
  });
  const { finding, repetitions, client } = scenario;
  const body = [verdictXml(scenario)];
  const output = [
    ...(client ? [`Client: ${client.name} ${client.version}`] : []),
    ...(finding === null ? [] : [`Finding: ${finding}`]),
    ...(repetitions ? [`Repetitions: ${repetitions.map(({ verdict }) => verdict).join(', ')}`] : []),
    ...scenario.probes.map(probeText),
    // Each must be on its own line, without other text.
    ...scenario.attachments.map(({ path }) => `[[ATTACHMENT|${posix.join(directory.replaceAll('\\', '/'), path)}]]`),
  ];
  if (output.length > 0) body.push(`      <system-out>${cdata(`\n${output.join('\n')}\n`)}</system-out>\n`);
  return `    <testcase${attributes}>\n${body.join('')}    </testcase>\n`;
}

function verdictXml(scenario: ScenarioResult): string {
  const { verdict, reason, probes, allowed } = scenario;
  if (verdict === 'passed') return '';
  if (allowed) return `      ${skippedXml(`${allowedText(allowed)}. ${verdict}: ${reason}`)}\n`;
  if (verdict === 'skipped') return `      ${skippedXml(reason)}\n`;
  const element = verdict === 'failed' ? 'failure' : 'error';
  const details = probes
    .filter((probe) => probe.verdict !== 'passed')
    .map((probe) => explainedProbeText(probe, scenario));
  return `      <${element}${attributesOf({ message: reason, type: verdict })}>${cdata([reason, ...details].join('\n'))}</${element}>\n`;
}

/** GitLab reads the reason from the text ("Unit test reports", JUnit XML), Jenkins from the attribute. */
const skippedXml = (reason: string): string =>
  `<skipped${attributesOf({ message: reason })}>${cdata(reason)}</skipped>`;

export const probeText = (probe: ProbeOutcome): string =>
  [
    `${probe.number + 1}. [${probe.verdict}] ${probe.workload ?? 'harness'}: ${probe.operation}${probe.control ? ' (control)' : ''}`,
    `   expected ${probe.expected.text}`,
    `   ${probe.reason}`,
    ...(probe.verdict === 'passed' && probe.observed?.message ? [`   answer "${probe.observed.message}"`] : []),
    ...whyLine(probe).map((line) => ` ${line}`),
  ].join('\n');

/** Like `probeText`, with AWS's decisions, statement by statement. */
export function explainedProbeText(probe: ProbeOutcome, scenario: ScenarioResult): string {
  const explanation = explanationOf(probe, scenario);
  const lines = explanation === undefined ? [] : explanationLines(explanation);
  return [probeText(probe), ...lines.map((line) => `   ${line}`)].join('\n');
}

interface CaseOfRun {
  readonly suite: string;
  readonly name: string;
  readonly element: 'failure' | 'error' | 'skipped';
  readonly message: string;
}

/** Returns cases for failures of the run and its gate. A run without scenarios always has a case. */
function casesOfRun(results: RunResults): readonly CaseOfRun[] {
  const { run, scenarios, gate } = results;
  const coverage = coverageProblem(results);
  const suite = { suite: 'run', name: 'the run completes' };
  const problems = gate?.problems ?? [];
  const cases: CaseOfRun[] = [];
  const error = run.error ?? (run.interrupted ? 'The run was interrupted before all scenarios were judged.' : null);
  if (error !== null) cases.push({ ...suite, element: 'error', message: error });
  else if (scenarios.length === 0) cases.push({ ...suite, element: 'skipped', message: 'No scenario was selected.' });
  if (problems.length > 0)
    cases.push({
      suite: 'gate',
      name: 'the gate allows the results',
      element: 'failure',
      message: problems.join('\n'),
    });
  if (error === null && coverage !== undefined)
    cases.push({
      ...{ suite: 'run', name: 'the policy coverage suffices', message: coverage.message },
      element: coverage.exitCode === EXIT.doesNotConform ? 'failure' : 'error',
    });
  return cases;
}

function ownSuiteXml({ suite, name, element, message }: CaseOfRun, { run }: RunResults): string {
  const count = (kind: CaseOfRun['element']): number => (element === kind ? 1 : 0);
  const counts = { tests: 1, failures: count('failure'), errors: count('error'), skipped: count('skipped') };
  const attributes = attributesOf(suiteValues(run, suite, counts, run.milliseconds));
  const body =
    element === 'skipped'
      ? skippedXml(message)
      : `<${element}${attributesOf({ message, type: suite })}>${cdata(message)}</${element}>`;
  return `  <testsuite${attributes}>\n    <testcase${attributesOf({ name, classname: `conformance.${suite}`, time: '0.000' })}>\n      ${body}\n    </testcase>\n  </testsuite>\n`;
}

const seconds = (milliseconds: number): string => (milliseconds / 1000).toFixed(3);

function propertiesXml(values: Readonly<Record<string, string>>): string {
  const rows = Object.entries(values).map(([name, value]) => `      <property${attributesOf({ name, value })}/>\n`);
  return `    <properties>\n${rows.join('')}    </properties>\n`;
}

function attributesOf(values: Readonly<Record<string, string | number>>): string {
  return Object.entries(values)
    .map(([name, value]) => ` ${name}="${escape(String(value))}"`)
    .join('');
}

/** Terminal colors, and characters that XML 1.0 forbids, including lone surrogates. */

const FORBIDDEN =
  /\u001b\[[0-9;]*m|[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g;

/** Puts an attribute's value on one line, because some readers do not decode references to line ends. */
function escape(text: string): string {
  return text
    .replace(FORBIDDEN, '')
    .replaceAll(/[\n\t\r]+/g, ' ')
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;');
}

function cdata(text: string): string {
  return `<![CDATA[${text.replace(FORBIDDEN, '').replaceAll(']]>', ']]]]><![CDATA[>')}]]>`;
}
