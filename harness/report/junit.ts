import { isAbsolute, posix, relative, resolve } from 'node:path';
import type { Reporter } from './reporter.ts';
import { explanationLines, explanationOf } from './explanation.ts';
import { isFine, type ProbeOutcome, type RunResults, type ScenarioResult } from './results.ts';
import { allowedText } from './text.ts';
import { whyLine } from './wrong-probes.ts';
import { fileReporter } from './write.ts';

/** Writes junit.xml. */
export const junitReporter = (): Reporter =>
  fileReporter('junit.xml', (results, directory) => junitXml(results, fromHere(directory)));

/** A folder as seen from where the command was started, which CI servers count paths from; absolute when it lies elsewhere. */
function fromHere(directory: string): string {
  const path = relative(process.cwd(), resolve(directory));
  return path.startsWith('..') || isAbsolute(path) ? resolve(directory) : path;
}

/**
 * JUnit XML of a run, in the dialect that Jenkins, GitLab, GitHub actions and CircleCI share: totals that agree at both
 * levels, `failure` for a subject that does not conform, `error` for an environment that failed or a verdict that is
 * inconclusive, unique class and case names. Never empty: a run that could not provision has one case that says so.
 *
 * Attachments are lines `[[ATTACHMENT|path]]` of a case's `system-out`, the form of Jenkins' "JUnit Attachments" plugin
 * that GitLab reads too ("Unit test reports", View JUnit screenshots): there paths count from the folder of the checkout.
 *
 * @param directory The report folder as CI servers find it.
 */
export function junitXml(results: RunResults, directory: string): string {
  const suites = new Map<string, ScenarioResult[]>();
  for (const scenario of results.scenarios)
    suites.set(scenario.suite, [...(suites.get(scenario.suite) ?? []), scenario]);
  const blocks = [...suites].map(([name, scenarios]) => suiteXml(name, scenarios, results, directory));
  const own = casesOfRun(results);
  blocks.push(...own.map((item) => ownSuiteXml(item, results)));
  const counts = totals(results.scenarios);
  const attributes = attributesOf({
    name: 'conformance',
    tests: counts.tests + own.length,
    failures: counts.failures + own.filter(({ element }) => element === 'failure').length,
    errors: counts.errors + own.filter(({ element }) => element === 'error').length,
    skipped: counts.skipped + own.filter(({ element }) => element === 'skipped').length,
    time: seconds(results.run.milliseconds),
  });
  return `<?xml version="1.0" encoding="UTF-8"?>\n<testsuites${attributes}>\n${blocks.join('')}</testsuites>\n`;
}

interface Totals {
  readonly tests: number;
  readonly failures: number;
  readonly errors: number;
  readonly skipped: number;
}

/** What may fail by the gate of the run counts as skipped: servers take a failure for a reason to stop. */
function totals(scenarios: readonly ScenarioResult[]): Totals {
  const bad = scenarios.filter((scenario) => !isFine(scenario));
  const failures = bad.filter(({ verdict }) => verdict === 'failed').length;
  return {
    tests: scenarios.length,
    failures,
    errors: bad.length - failures,
    skipped: scenarios.filter((scenario) => isFine(scenario) && scenario.verdict !== 'passed').length,
  };
}

function suiteXml(name: string, scenarios: readonly ScenarioResult[], results: RunResults, directory: string): string {
  const time = scenarios.reduce((sum, scenario) => sum + duration(scenario), 0);
  const attributes = attributesOf({
    name: `conformance.${name}`,
    ...totals(scenarios),
    time: seconds(time),
    timestamp: results.run.startedAt.replace(/\.\d+Z$/, 'Z'),
    hostname: 'localhost',
  });
  const charts = new Set(results.environment.clusters.flatMap(({ facts }) => facts['agentChart'] ?? []));
  const properties = propertiesXml(
    {
      run: results.run.id,
      cluster: results.environment.cluster,
      aws: results.environment.aws,
      harness: results.environment.harness,
      ...(charts.size > 0 && { agentChart: [...charts].join() }),
      ...(results.environment.faults.length > 0 && { faults: results.environment.faults.join(',') }),
    },
    '    ',
  );
  return `  <testsuite${attributes}>\n${properties}${scenarios.map((scenario) => caseXml(scenario, directory)).join('')}  </testsuite>\n`;
}

const duration = ({ durations }: ScenarioResult): number =>
  durations.arranging + durations.probing + durations.teardown;

function caseXml(scenario: ScenarioResult, directory: string): string {
  const attributes = attributesOf({
    name: `${scenario.id} ${scenario.title}`,
    classname: `conformance.${scenario.suite}`,
    time: seconds(duration(scenario)),
    file: scenario.file,
  });
  const properties = propertiesXml(
    {
      scenario: scenario.id,
      verdict: scenario.verdict,
      ...(scenario.client && { client: `${scenario.client.name} ${scenario.client.version}` }),
      ...(scenario.finding !== null && { finding: scenario.finding }),
      ...(scenario.repetitions && { repetitions: scenario.repetitions.map(({ verdict }) => verdict).join() }),
    },
    '      ',
  );
  const body = [properties, verdictXml(scenario)];
  const output = [
    ...(scenario.finding === null ? [] : [`Finding: ${scenario.finding}`]),
    ...scenario.probes.map(probeText),
    // Each on a line of its own, without anything before or after.
    ...scenario.attachments.map(({ path }) => `[[ATTACHMENT|${posix.join(directory.replaceAll('\\', '/'), path)}]]`),
  ];
  if (output.length > 0) body.push(`      <system-out>${cdata(`\n${output.join('\n')}\n`)}</system-out>\n`);
  return `    <testcase${attributes}>\n${body.join('')}    </testcase>\n`;
}

function verdictXml(scenario: ScenarioResult): string {
  const { verdict, reason, probes, allowed } = scenario;
  if (verdict === 'passed') return '';
  if (allowed)
    return `      <skipped${attributesOf({ message: `${allowedText(allowed)}. ${verdict}: ${reason}` })}/>\n`;
  if (verdict === 'skipped') return `      <skipped${attributesOf({ message: reason })}/>\n`;
  const element = verdict === 'failed' ? 'failure' : 'error';
  const details = probes
    .filter((probe) => probe.verdict !== 'passed')
    .map((probe) => explainedProbeText(probe, scenario));
  return `      <${element}${attributesOf({ message: reason, type: verdict })}>${cdata([reason, ...details].join('\n'))}</${element}>\n`;
}

/** A probe in lines of text: what it was, must meet and met. */
export const probeText = (probe: ProbeOutcome): string =>
  [
    `${probe.number + 1}. [${probe.verdict}] ${probe.workload ?? 'harness'}: ${probe.operation}${probe.control ? ' (control)' : ''}`,
    `   expected ${probe.expected.text}`,
    `   ${probe.reason}`,
    ...whyLine(probe).map((line) => ` ${line}`),
  ].join('\n');

/** The same with what AWS decided, statement by statement. */
export function explainedProbeText(probe: ProbeOutcome, scenario: ScenarioResult): string {
  const explanation = explanationOf(probe, scenario);
  const lines = explanation === undefined ? [] : explanationLines(explanation);
  return [probeText(probe), ...lines.map((line) => `   ${line}`)].join('\n');
}

/** A case that is no scenario, in a suite of its own. */
interface CaseOfRun {
  readonly suite: string;
  readonly name: string;
  readonly element: 'failure' | 'error' | 'skipped';
  readonly message: string;
}

/** What the run as a whole has to tell: there is always a case, and what fails the run is one. */
function casesOfRun({ run, scenarios, gate }: RunResults): readonly CaseOfRun[] {
  const suite = { suite: 'run', name: 'the run could do its work' };
  const problems = gate?.problems ?? [];
  const cases: CaseOfRun[] = [];
  if (run.error !== null) cases.push({ ...suite, element: 'error', message: run.error });
  else if (scenarios.length === 0) cases.push({ ...suite, element: 'skipped', message: 'No scenario was selected.' });
  if (problems.length > 0)
    cases.push({
      ...{ suite: 'gate', name: 'the gate allows what the run came to', element: 'failure' },
      message: problems.join('\n'),
    });
  return cases;
}

function ownSuiteXml({ suite, name, element, message }: CaseOfRun, { run }: RunResults): string {
  const count = (of: CaseOfRun['element']): number => (element === of ? 1 : 0);
  const attributes = attributesOf({
    name: `conformance.${suite}`,
    ...{ tests: 1, failures: count('failure'), errors: count('error'), skipped: count('skipped') },
    time: seconds(run.milliseconds),
    timestamp: run.startedAt.replace(/\.\d+Z$/, 'Z'),
    hostname: 'localhost',
  });
  const body =
    element === 'skipped'
      ? `<skipped${attributesOf({ message })}/>`
      : `<${element}${attributesOf({ message, type: suite })}>${cdata(message)}</${element}>`;
  return `  <testsuite${attributes}>\n    <testcase${attributesOf({ name, classname: `conformance.${suite}`, time: '0.000' })}>\n      ${body}\n    </testcase>\n  </testsuite>\n`;
}

const seconds = (milliseconds: number): string => (milliseconds / 1000).toFixed(3);

function propertiesXml(values: Readonly<Record<string, string>>, indent: string): string {
  const rows = Object.entries(values).map(
    ([name, value]) => `${indent}  <property${attributesOf({ name, value })}/>\n`,
  );
  return `${indent}<properties>\n${rows.join('')}${indent}</properties>\n`;
}

function attributesOf(values: Readonly<Record<string, string | number>>): string {
  return Object.entries(values)
    .map(([name, value]) => ` ${name}="${escape(String(value))}"`)
    .join('');
}

/** Characters that XML 1.0 forbids, lone surrogates included, and terminal colours, are left out. */

const FORBIDDEN =
  /\u001b\[[0-9;]*m|[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g;

function escape(text: string): string {
  return text
    .replace(FORBIDDEN, '')
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
    .replaceAll('\n', '&#10;')
    .replaceAll('\t', '&#9;')
    .replaceAll('\r', '&#13;');
}

function cdata(text: string): string {
  return `<![CDATA[${text.replace(FORBIDDEN, '').replaceAll(']]>', ']]]]><![CDATA[>')}]]>`;
}
