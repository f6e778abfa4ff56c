import { Ajv2020 } from 'ajv/dist/2020.js';
import { expect } from 'chai';
import { certificate } from '../../test/support/certificate.ts';
import { healthySnapshot } from '../../test/support/cluster-snapshot.ts';
import { CHECKS } from '../checks/index.ts';
import { judge } from '../judge/judge.ts';
import type { DoctorReport } from '../judge/report-schema.ts';
import { suppress } from '../judge/suppressions.ts';
import { compared } from './baseline.ts';
import { reportOf } from './report.ts';
import { sarifLog } from './sarif.ts';

const text = { type: 'string', minLength: 1 };
const list = (items: object) => ({ type: 'array', items });
/** Returns an object with the given members only, the first ones required. */
const closed = (required: Readonly<Record<string, object>>, optional: Readonly<Record<string, object>> = {}) => ({
  type: 'object',
  additionalProperties: false,
  required: Object.keys(required),
  properties: { ...required, ...optional },
});
const message = closed({ text }, { markdown: text });
const level = { enum: ['none', 'note', 'warning', 'error'] };

/** The rules of the SARIF 2.1.0 schema for the members in use, and those that GitHub adds (GitHub Docs, "SARIF support"). */
const SARIF = closed({
  $schema: { type: 'string', format: 'uri' },
  version: { const: '2.1.0' },
  runs: list(
    closed({
      tool: closed({
        driver: closed({
          name: text,
          version: text,
          rules: list(
            closed({
              id: text,
              shortDescription: message,
              fullDescription: message,
              help: message,
              defaultConfiguration: closed({ level }),
              properties: { type: 'object', properties: { tags: { ...list(text), uniqueItems: true } } },
            }),
          ),
        }),
      }),
      invocations: list(
        closed({
          executionSuccessful: { type: 'boolean' },
          toolExecutionNotifications: list(closed({ message, level, associatedRule: closed({ id: text }) })),
        }),
      ),
      results: list(
        closed(
          {
            ruleId: text,
            ruleIndex: { type: 'integer', minimum: 0 },
            level,
            message,
            locations: {
              ...list(
                closed({
                  physicalLocation: closed({
                    artifactLocation: closed({ uri: { type: 'string', pattern: String.raw`^[\w.~%/!'()*-]+$` } }),
                    region: closed({ startLine: { type: 'integer', minimum: 1 } }),
                  }),
                  logicalLocations: list(closed({ name: text, fullyQualifiedName: text, kind: text })),
                }),
              ),
              minItems: 1,
            },
            partialFingerprints: {
              type: 'object',
              additionalProperties: text,
              required: ['primaryLocationLineHash'],
            },
          },
          {
            baselineState: { enum: ['new', 'unchanged', 'updated', 'absent'] },
          },
        ),
      ),
    }),
  ),
});

interface Log {
  readonly runs: readonly [
    {
      readonly tool: { readonly driver: { readonly rules: readonly { readonly id: string }[] } };
      readonly invocations: readonly { readonly toolExecutionNotifications: readonly object[] }[];
      readonly results: readonly Result[];
    },
  ];
}
interface Result {
  readonly ruleId: string;
  readonly ruleIndex: number;
  readonly baselineState?: string;
  readonly partialFingerprints: Readonly<Record<string, string>>;
  readonly locations: readonly { readonly physicalLocation: { readonly artifactLocation: { readonly uri: string } } }[];
}

const { certificate: authority } = await certificate('cluster');

/** Returns a cluster with findings, one of them suppressed, and a check that was not made. */
function report(): DoctorReport {
  const snapshot = healthySnapshot(authority);
  snapshot.context = 'arn:aws:eks:us-west-2:111122223333:cluster/prod';
  for (const pod of snapshot.kubernetes.pods) {
    if (pod.serviceAccountName !== 'ledger') continue;
    pod.containers[0]!.env.push(
      { name: 'AWS_ACCESS_KEY_ID' },
      { name: 'AWS_SECRET_ACCESS_KEY' },
      { name: 'HTTP_PROXY' },
    );
  }
  snapshot.kubernetes.serviceAccounts[5]!.metadata.annotations = { 'eks.amazonaws.com/role-arn': '' };
  snapshot.gaps = [{ right: 'iam:GetRole', object: snapshot.aws.associations[0]!.roleArn, reason: 'AccessDenied' }];
  delete snapshot.aws.roles[snapshot.aws.associations[0]!.roleArn];
  const accepted = [{ check: 'PID501', until: '2999-12-31', reason: 'Known.' }];
  return reportOf(
    { version: 1, clusters: [snapshot] },
    suppress(judge({ version: 1, clusters: [snapshot] }, CHECKS), accepted, '2026-11-30'),
  );
}

const logOf = (one: DoctorReport): Log => JSON.parse(JSON.stringify(sarifLog(one, '1.2.3'))) as Log;

describe('the SARIF output of doctor', () => {
  const validate = new Ajv2020({ validateFormats: false }).compile(SARIF);

  it('has the form of SARIF 2.1.0 that code scanning accepts, with and without an older report', () => {
    const before = { ...report(), findings: [] };
    for (const one of [report(), compared(report(), before, ['PID701'])]) {
      expect(validate(logOf(one)), JSON.stringify(validate.errors)).to.equal(true);
      expect(logOf(one).runs[0].results).to.not.have.length(0);
    }
    const { runs } = logOf(report());
    expect(validate({ version: '2.1.0', runs: [{ ...runs[0], results: [{ ruleId: 'PID101' }] }] })).to.equal(false);
  });

  it('has a rule for each check, a result for each finding, and a notification for each check that was not made', () => {
    const { findings, notChecked } = report();
    const [{ tool, results, invocations }] = logOf(report()).runs;
    expect(tool.driver.rules.map(({ id }) => id)).to.deep.equal(CHECKS.map(({ id }) => id));
    expect(results.map(({ ruleId }) => ruleId))
      .to.deep.equal(findings.map(({ check }) => check))
      .and.not.include('PID501');
    for (const { ruleId, ruleIndex } of results) expect(tool.driver.rules[ruleIndex]?.id).to.equal(ruleId);
    expect(invocations[0]?.toolExecutionNotifications).to.have.length(notChecked.length).above(0);
  });

  it('locates a finding by its object, and keeps its fingerprint', () => {
    const [{ results }] = logOf(report()).runs;
    const proxy = results.find(({ ruleId }) => ruleId === 'PID701');
    expect(proxy?.locations[0]?.physicalLocation.artifactLocation.uri).to.equal(
      'clusters/arn%3Aaws%3Aeks%3Aus-west-2%3A111122223333%3Acluster%2Fprod/payments/Deployment/ledger',
    );
    const { fingerprint } = report().findings.find(({ check }) => check === 'PID701')!;
    expect(Object.values(proxy?.partialFingerprints ?? {})).to.deep.equal([`${fingerprint}:1`, fingerprint]);
  });

  it('says which results are new', () => {
    const now = report();
    const [first] = now.findings;
    const others = now.findings.slice(1);
    const states = (one: DoctorReport) =>
      logOf(one).runs[0].results.flatMap(({ baselineState }) => baselineState ?? []);
    const ids = CHECKS.map(({ id }) => id);
    expect(states(now)).to.deep.equal([]);
    expect(states(compared(now, { ...now, findings: others }, ids))).to.deep.equal(
      now.findings.map((one) => (one === first ? 'new' : 'unchanged')),
    );
    expect(states(compared({ ...now, findings: others }, now, ids))).to.deep.equal(others.map(() => 'unchanged'));
  });
});
