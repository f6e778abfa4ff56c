import { isAbsolute, posix, relative, resolve } from 'node:path';
import type { Reporter } from './reporter.ts';
import { statementLabel } from '../../emulator/iam/policy/label.ts';
import type { ProbeOutcome, RunResults, ScenarioResult } from './results.ts';
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
  if (results.run.error !== null || blocks.length === 0) blocks.push(runCase(results));
  const extra = results.run.error !== null || suites.size === 0 ? 1 : 0;
  const counts = totals(results.scenarios);
  const failedRun = results.run.error !== null ? 1 : 0;
  const attributes = attributesOf({
    name: 'conformance',
    tests: counts.tests + extra,
    failures: counts.failures,
    errors: counts.errors + failedRun,
    skipped: counts.skipped + (extra - failedRun),
    time: seconds(results.run.milliseconds),
  });
  return `<?xml version="1.0" encoding="UTF-8"?>\n<testsuites${attributes}>\n${blocks.join('')}</testsuites>\n`;
}

function totals(scenarios: readonly ScenarioResult[]): {
  tests: number;
  failures: number;
  errors: number;
  skipped: number;
} {
  const count = (...verdicts: string[]): number =>
    scenarios.filter((scenario) => verdicts.includes(scenario.verdict)).length;
  return {
    tests: scenarios.length,
    failures: count('failed'),
    errors: count('error', 'inconclusive'),
    skipped: count('skipped'),
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
      ...(scenario.finding !== null && { finding: scenario.finding }),
    },
    '      ',
  );
  const body = [properties, verdictXml(scenario)];
  const output = [
    ...(scenario.finding === null ? [] : [`Finding: ${scenario.finding}`]),
    ...scenario.probes.map((probe) => probeText(probe)),
    // Each on a line of its own, without anything before or after.
    ...scenario.attachments.map(({ path }) => `[[ATTACHMENT|${posix.join(directory.replaceAll('\\', '/'), path)}]]`),
  ];
  if (output.length > 0) body.push(`      <system-out>${cdata(`\n${output.join('\n')}\n`)}</system-out>\n`);
  return `    <testcase${attributes}>\n${body.join('')}    </testcase>\n`;
}

function verdictXml({ verdict, reason, probes }: ScenarioResult): string {
  if (verdict === 'passed') return '';
  if (verdict === 'skipped') return `      <skipped${attributesOf({ message: reason })}/>\n`;
  const element = verdict === 'failed' ? 'failure' : 'error';
  const details = probes.filter((probe) => probe.verdict !== 'passed').map((probe) => probeText(probe, true));
  return `      <${element}${attributesOf({ message: reason, type: verdict })}>${cdata([reason, ...details].join('\n'))}</${element}>\n`;
}

/** A probe in lines of text: what it was, must meet and met; with the explanation where asked. */
export function probeText(probe: ProbeOutcome, explained = false): string {
  const lines = [
    `${probe.number + 1}. [${probe.verdict}] ${probe.workload ?? 'harness'}: ${probe.operation}${probe.control ? ' (control)' : ''}`,
    `   expected ${probe.expected.text}`,
    `   ${probe.reason}`,
    ...whyLine(probe).map((line) => ` ${line}`),
  ];
  if (explained && probe.explanation) lines.push(...explanationLines(probe.explanation).map((line) => `   ${line}`));
  return lines.join('\n');
}

export function explanationLines(explanation: NonNullable<ProbeOutcome['explanation']>): string[] {
  const lines = [`${explanation.service} ${explanation.operation}, request ${explanation.requestId}:`];
  for (const note of explanation.notes) lines.push(`  ${note}`);
  for (const authorization of explanation.authorizations) {
    lines.push(
      `  ${authorization.action} on ${authorization.resource}: ${authorization.decision}, ${authorization.reason}`,
    );
    for (const statement of authorization.statements)
      lines.push(`    ${statement.policy}, ${statementLabel(statement)} (${statement.effect}): ${statement.reason}`);
  }
  return lines;
}

/** The case that stands for a run that could not do its work, or that had nothing to do. */
function runCase(results: RunResults): string {
  const { error } = results.run;
  const body =
    error === null
      ? `<skipped${attributesOf({ message: 'No scenario was selected.' })}/>`
      : `<error${attributesOf({ message: error, type: 'run' })}>${cdata(error)}</error>`;
  const counts = { tests: 1, failures: 0, errors: error === null ? 0 : 1, skipped: error === null ? 1 : 0 };
  const suite = attributesOf({
    name: 'conformance.run',
    ...counts,
    time: seconds(results.run.milliseconds),
    timestamp: results.run.startedAt.replace(/\.\d+Z$/, 'Z'),
    hostname: 'localhost',
  });
  return `  <testsuite${suite}>\n    <testcase${attributesOf({ name: 'the run could do its work', classname: 'conformance.run', time: '0.000' })}>\n      ${body}\n    </testcase>\n  </testsuite>\n`;
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
