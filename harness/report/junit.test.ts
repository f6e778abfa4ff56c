import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { XMLParser, XMLValidator } from 'fast-xml-parser';
import { parse } from 'test-results-parser';
import { temporaryFolder } from '../../test/support/run-cli.ts';
import { aResult, anOutcome, someResults } from '../../test/support/scenarios.ts';
import { junitXml } from './junit.ts';
import { summarize, type RunResults, type ScenarioResult } from '../results/results.ts';

interface Case {
  readonly name: string;
  readonly classname: string;
  readonly time: string;
  readonly failure?: { readonly message: string; readonly type: string; readonly '#text': string };
  readonly error?: { readonly message: string; readonly type: string; readonly '#text': string };
  readonly skipped?: { readonly message: string; readonly '#text': string };
  readonly 'system-out'?: string;
}
interface Counts {
  readonly name: string;
  readonly file?: string;
  readonly tests: string;
  readonly failures: string;
  readonly errors: string;
  readonly skipped: string;
}
interface Document {
  readonly testsuites: { readonly testsuite: readonly (Counts & { readonly testcase: readonly Case[] })[] };
}

const parser = new XMLParser({
  ignoreAttributes: false,
  attributeNamePrefix: '',
  parseTagValue: false,
  isArray: (name) => name === 'testsuite' || name === 'testcase',
});

/** Writes, validates and reads a report; checks the requirements of every report. */
function written(scenarios: readonly ScenarioResult[], run: Partial<RunResults['run']> = {}): Document['testsuites'] {
  const xml = junitXml(someResults(scenarios, summarize(scenarios), run), 'reports/cabcdef');
  expect(XMLValidator.validate(xml)).to.equal(true);
  const { testsuites } = parser.parse(xml) as Document;
  const cases = testsuites.testsuite.flatMap((suite) => suite.testcase);
  expect(cases).not.to.have.length(0);
  const names = cases.map(({ classname, name }) => `${classname} ${name}`);
  expect(new Set(names).size).to.equal(names.length);
  for (const suite of testsuites.testsuite) expect(counted(suite)).to.deep.equal(countsOf(suite.testcase));
  expect(problemsBySchema(ordered.parse(xml) as Ordered)).to.deep.equal([]);
  return testsuites;
}

/** Elements in order, with their attributes. */
type Ordered = readonly Readonly<Record<string, unknown>>[];
const ordered = new XMLParser({ preserveOrder: true, ignoreAttributes: false, attributeNamePrefix: '' });

/** Required and optional attributes of an element, and its child elements. */
interface Rule {
  readonly must?: readonly string[];
  readonly may?: readonly string[];
  readonly holds?: readonly string[];
}
const VERDICT: Rule = { may: ['type', 'message'], holds: ['#text'] };
/** Rules of Jenkins's schema (junit-10.xsd of the xUnit plugin) for the elements in use. */
const SCHEMA: Readonly<Record<string, Rule>> = {
  testsuites: { may: ['name', 'time', 'tests', 'failures', 'errors'], holds: ['testsuite'] },
  testsuite: {
    must: ['name', 'tests', 'failures', 'errors'],
    may: ['group', 'time', 'skipped', 'timestamp', 'hostname', 'id', 'package', 'file', 'log', 'url', 'version'],
    holds: ['testsuite', 'properties', 'testcase', 'system-out', 'system-err'],
  },
  properties: { holds: ['property'] },
  property: { must: ['name', 'value'] },
  testcase: {
    must: ['name'],
    may: ['time', 'classname', 'group'],
    holds: ['skipped', 'error', 'failure', 'system-out', 'system-err'],
  },
  failure: VERDICT,
  error: VERDICT,
  skipped: VERDICT,
  'system-out': { holds: ['#text'] },
};

/** Returns violations of the schema. */
function problemsBySchema(elements: Ordered, above: Rule = { holds: ['?xml', 'testsuites'] }): string[] {
  return elements.flatMap((element) => {
    const [name = ''] = Object.keys(element).filter((key) => key !== ':@');
    if (!above.holds?.includes(name)) return [`${name} is not expected`];
    const rule = SCHEMA[name];
    if (rule === undefined) return [];
    const attributes = (element[':@'] ?? {}) as Readonly<Record<string, string>>;
    const names = Object.keys(attributes);
    return [
      ...names
        .filter((one) => ![...(rule.must ?? []), ...(rule.may ?? [])].includes(one))
        .map((one) => `${name}@${one}`),
      ...(rule.must ?? []).filter((one) => !names.includes(one)).map((one) => `${name} has no ${one}`),
      ...(name.startsWith('testsuite') && !/^\d*(\.\d{0,3})?$/.test(attributes['time'] ?? '') ? [`${name}@time`] : []),
      ...problemsBySchema(element[name] as Ordered, rule),
    ];
  });
}

const counted = ({ tests, failures, errors, skipped }: Counts) => [tests, failures, errors, skipped].map(Number);
const countsOf = (cases: readonly Case[]) => [
  cases.length,
  ...(['failure', 'error', 'skipped'] as const).map((kind) => cases.filter((item) => item[kind] !== undefined).length),
];
const onlyCase = (scenario: ScenarioResult): Case => written([scenario]).testsuite[0]!.testcase[0]!;

describe('junit.xml', () => {
  it('has totals for each suite that agree with its cases', () => {
    const suites = written([
      aResult({ id: 'AB-01' }),
      aResult({ id: 'AB-02', verdict: 'failed', reason: 'Probe 1 failed.' }),
      aResult({ id: 'AB-03', verdict: 'skipped', reason: 'Not available here: S3 (s3).' }),
      aResult({ id: 'IR-01', suite: 'irsa', verdict: 'error', reason: 'No pod.' }),
      aResult({ id: 'IR-02', suite: 'irsa', verdict: 'inconclusive', reason: 'No control.' }),
    ]);
    expect(suites.testsuite.map(counted)).to.deep.equal([
      [3, 1, 0, 1],
      [2, 0, 2, 0],
    ]);
    expect(suites.testsuite.map(({ name }) => name)).to.deep.equal(['conformance.abac', 'conformance.irsa']);
  });

  for (const [verdict, element] of [
    ['failed', 'failure'],
    ['error', 'error'],
    ['inconclusive', 'error'],
  ] as const) {
    it(`reports a scenario with verdict ${verdict} as ${element}, with reason, type and unexpected probes`, () => {
      const probes = [
        anOutcome({ number: 0, reason: 'A good probe.' }),
        anOutcome({ number: 1, verdict, reason: 'A bad probe.', operation: 'GetObject s3://data/blue/key' }),
      ];
      const it = onlyCase(aResult({ verdict, reason: 'It went wrong.', probes }));
      expect(it[element]).to.include({ message: 'It went wrong.', type: verdict });
      expect(it[element]!['#text']).to.contain('A bad probe.').and.not.to.contain('A good probe.');
      expect(it['system-out']).to.contain('A bad probe.').and.to.contain('A good probe.');
    });
  }

  it('reports why a scenario was skipped', () => {
    expect(onlyCase(aResult({ verdict: 'skipped', reason: 'Needs IRSA.', probes: [] })).skipped).to.deep.equal({
      message: 'Needs IRSA.',
      '#text': 'Needs IRSA.',
    });
  });

  it('has no verdict element for a passed scenario', () => {
    expect(onlyCase(aResult())).not.to.have.any.keys('failure', 'error', 'skipped');
  });

  it('contains a finding', () => {
    expect(onlyCase(aResult({ finding: 'A risk.' }))['system-out']).to.contain('Finding: A risk.');
  });

  it('lists attachments, each on its own line, relative to the folder of CI servers', () => {
    const attachments = ['summary.md', 'pods.json'].map((name) => ({
      name,
      path: `diagnostics/AB-01/${name}`,
      description: 'a file',
    }));
    const lines = onlyCase(aResult({ verdict: 'failed', attachments }))['system-out']!.split('\n');
    expect(lines.filter((line) => line.includes('ATTACHMENT'))).to.deep.equal([
      '[[ATTACHMENT|reports/cabcdef/diagnostics/AB-01/summary.md]]',
      '[[ATTACHMENT|reports/cabcdef/diagnostics/AB-01/pods.json]]',
    ]);
  });

  it('names no attachment for a scenario without attachments', () => {
    expect(onlyCase(aResult())['system-out']).not.to.contain('ATTACHMENT');
  });

  it('explains a failure statement by statement', () => {
    const statement = { policy: 0, effect: 'Allow', applied: false, conditions: [] } as const;
    const decision = {
      action: 's3:GetObject',
      resource: 'arn:aws:s3:::b/k',
      decision: 'implicitlyDenied' as const,
      reason: 'nothing allows it',
      policies: [0],
      deciding: [{ ...statement, index: 1, reason: 'not applied: wrong key' }],
      others: [{ ...statement, index: 0, sid: 'Other', reason: 'not applied: wrong action' }],
    };
    const call = {
      requestId: 'R1',
      service: 's3',
      operation: 'GetObject',
      caller: 'anonymous',
      status: 403,
      receivedAt: 0,
      milliseconds: 1,
      notes: ['a note'],
      decisions: [decision],
    };
    const policies = [{ name: 'inline policy p', kind: 'identity', document: {} }] as const;
    const probes = [anOutcome({ verdict: 'failed', decisiveCall: 'R1' })];
    const text = onlyCase(aResult({ verdict: 'failed', probes, calls: [call], policies })).failure!['#text'];
    expect(text).to.contain('s3 GetObject, request R1:').and.to.contain('a note');
    expect(text).to.contain('s3:GetObject on arn:aws:s3:::b/k: implicitlyDenied, nothing allows it');
    expect(text).to.contain('inline policy p, statement 2 (Allow): not applied: wrong key');
    expect(text).to.contain('inline policy p, statement 1 "Other" (Allow): not applied: wrong action');
  });

  const texts: readonly (readonly [string, string, string])[] = [
    ['markup', `<b a="1" c='2'>&amp;</b>`, `<b a="1" c='2'>&amp;</b>`],
    ['the end of a CDATA section', 'a]]>b]]>c', 'a]]>b]]>c'],
    ['control characters', 'a\u0000b\u0007c\u001fd', 'abcd'],
    ['colors', '\u001b[31mred\u001b[0m', 'red'],
    ['lone surrogates', 'a\ud800b\udc00c', 'abc'],
    ['characters outside the basic plane', 'key 🔑 and 漢字', 'key 🔑 and 漢字'],
    ['noncharacters', 'a\ufffe\uffffb', 'ab'],
  ];
  for (const [what, given, read] of texts) {
    it(`stays well formed with ${what} in attributes and text`, () => {
      const reason = `x${given}y`;
      const it = onlyCase(aResult({ verdict: 'failed', reason, title: reason, probes: [anOutcome({ reason })] }));
      const xml = junitXml(someResults([aResult({ verdict: 'failed', reason })], summarize([])), 'reports');
      expect(xml).to.match(/^<\?xml version="1\.0" encoding="UTF-8"\?>/);
      expect(it.failure!['#text']).to.contain(`x${read}y`);
      expect(it.failure!.message).to.equal(`x${read}y`);
      expect(it.name).to.equal(`AB-01 x${read}y`);
    });
  }

  it('has no line ends and tabs in attributes', () => {
    const xml = junitXml(someResults([aResult({ verdict: 'failed', reason: 'a\nb\tc\rd' })], summarize([])), 'reports');
    expect(xml).to.contain('message="a b c d"');
  });

  it('has a suite for each file of a suite', () => {
    const files = ['suites/one.ts', 'suites/two.ts', 'suites/one.ts'];
    const { testsuite } = written(files.map((file, index) => aResult({ id: `AB-0${index}`, file })));
    expect(testsuite.map(({ name, tests, file }) => [name, tests, file])).to.deep.equal([
      ['conformance.abac', '2', 'suites/one.ts'],
      ['conformance.abac', '1', 'suites/two.ts'],
    ]);
  });

  it('can be read by a foreign parser, with every verdict and unusual characters', () => {
    const odd = 'a <b> & "c" \' \u0000\u001b[31mred\u001b[0m ]]> \ud800 😀\n\tend';
    const read = 'a <b> & "c" \' red ]]>  😀 end';
    const verdicts = ['passed', 'failed', 'error', 'skipped', 'inconclusive'] as const;
    const all = verdicts.map((verdict, index) =>
      aResult({ id: `AB-0${index}`, title: odd, verdict, reason: odd, finding: odd }),
    );
    const allowed = aResult({
      id: 'AB-05',
      title: odd,
      verdict: 'failed',
      allowed: { until: '2999-12-31', reason: odd },
    });
    const results = someResults([...all, allowed], summarize(all), { error: odd });
    const file = join(temporaryFolder(), 'junit.xml');
    writeFileSync(file, junitXml(results, 'reports/cabcdef'));
    const { suites, ...counts } = parse({ type: 'junit', files: [file] });
    expect(counts).to.include({ passed: 1, failed: 1, errors: 3, skipped: 2 });
    expect(suites[0]?.cases.map(({ name, status, failure }) => [name, status, failure])).to.deep.equal(
      ['PASS', 'FAIL', 'FAIL', 'SKIP', 'FAIL', 'SKIP'].map((status, index) => [
        `AB-0${index} ${read}`,
        status,
        status === 'FAIL' ? read : '',
      ]),
    );
  });

  it('has a case for a failed run', () => {
    const [suite] = written([], { error: 'No cluster.' }).testsuite;
    expect(suite?.testcase[0]?.error?.message).to.equal('No cluster.');
  });

  for (const [element, policyCoverage, message] of [
    [
      'failure',
      { tested: 6, total: 10, percent: 60, notTested: [] },
      'Policy coverage is 60 %, but --min-policy-coverage requires 90 %.',
    ],
    ['error', undefined, 'Policy coverage is unknown'],
  ] as const)
    it(`has a case with ${element} for policy coverage of ${policyCoverage?.percent ?? 'unknown'} %`, () => {
      const scenarios = [aResult({ verdict: 'passed' })];
      const results = {
        ...someResults(scenarios, summarize(scenarios), {}),
        ...(policyCoverage && { policyCoverage }),
      };
      const configuration = { 'min-policy-coverage': { value: 90, origin: 'flag' as const } };
      const xml = junitXml({ ...results, configuration }, 'reports');
      expect(xml).to.include('name="the policy coverage suffices"').and.to.include(`<${element} message="${message}`);
    });

  it('has an error for an interrupted run, so that it does not pass', () => {
    const [, suite] = written([aResult()], { interrupted: true, exitCode: 130 }).testsuite;
    expect(suite?.testcase[0]?.error?.message).to.contain('The run was interrupted');
  });

  it('keeps the scenarios of a run that failed later', () => {
    const suites = written([aResult()], { error: 'Teardown failed.' });
    expect(suites.testsuite.map(({ name }) => name)).to.deep.equal(['conformance.abac', 'conformance.run']);
  });

  it('has a skipped case for a run with nothing to do', () => {
    expect(written([]).testsuite[0]?.testcase[0]?.skipped?.message).to.equal('No scenario was selected.');
  });
});
