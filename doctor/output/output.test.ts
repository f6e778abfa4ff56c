import { Ajv2020 } from 'ajv/dist/2020.js';
import { expect } from 'chai';
import { jsonSchema } from '../../scripts/schemas.ts';
import { htmlPage } from './html.ts';
import { reportSchema, type DoctorReport, type Finding } from '../judge/report-schema.ts';
import { reportOf } from './report.ts';
import { terminalText } from './terminal.ts';

const finding = (values: Partial<Finding> = {}): Finding => ({
  check: 'PID301',
  severity: 'error',
  title: 'A pod is older than its association',
  cluster: 'prod',
  object: { kind: 'Deployment', namespace: 'payments', name: 'ledger' },
  text: 'Its pods were created before association a-1 took effect (created at 2026-01-01T00:00:00Z).',
  repair: 'kubectl --context prod -n payments rollout restart deployment/ledger',
  pods: ['ledger-1', 'ledger-2', 'ledger-3', 'ledger-4'],
  fingerprint: 'f-1',
  ...values,
});

const snapshot = {
  version: 1,
  clusters: [
    { context: 'prod', server: 'https://prod', takenAt: '2026-01-01T00:00:00Z', kubernetes: { pods: [] }, gaps: [] },
  ],
} as const;
const nothing = { findings: [], notChecked: [], passed: [], suppressed: [], warnings: [] };
const report = (values: Partial<DoctorReport> = {}): DoctorReport => ({ ...reportOf(snapshot, nothing), ...values });
const terminal = (values: Partial<DoctorReport>): string => terminalText(report(values), (text) => text, 80);

const FULL: Partial<DoctorReport> = {
  findings: [
    finding({ severity: 'warning', check: 'PID501', object: { kind: 'Pod', namespace: 'b', name: '<b>' }, pods: [] }),
    finding(),
    finding({ object: { kind: 'Cluster', name: 'prod' }, check: 'PID101', pods: [] }),
  ],
  suppressed: [{ ...finding(), until: '2026-12-31', reason: 'Known.' }],
  notChecked: [
    {
      check: 'PID401',
      title: 'Title',
      cluster: 'prod',
      missing: 'iam:GetRole',
      reason: 'AccessDenied',
      objects: [{ kind: 'Role', name: 'arn:aws:iam::1:role/a' }],
    },
    { check: 'PID402', title: 'Title', cluster: 'prod', missing: 'iam:GetRole', reason: 'AccessDenied', objects: [] },
  ],
  passed: [{ check: 'PID105', cluster: 'prod' }],
  inventory: [
    {
      cluster: 'prod',
      namespace: 'payments',
      serviceAccount: 'ledger',
      mechanism: 'none',
      reason: 'A & B',
      pods: ['x'],
      containers: ['app'],
    },
  ],
};

describe('output of doctor', () => {
  it('is sorted by severity, then namespace, and fits into 80 columns', () => {
    const text = terminal(FULL);
    const order = [
      'Not checked, or not for all objects (2)',
      'Errors (2)',
      'not in a namespace',
      'PID101',
      'payments',
      'PID301',
      'Warnings (1)',
      'PID501',
    ];
    expect(order.map((part) => text.indexOf(part)))
      .to.deep.equal(order.map((part) => text.indexOf(part)).toSorted((a, b) => a - b))
      .and.not.include(-1);
    expect(text).to.contain('PID301 Deployment ledger (4 pods: ledger-1, ledger-2, ledger-3, ...)');
    expect(text).to.contain('iam:GetRole (AccessDenied) for Role arn:aws:iam::1:role/a: PID401, PID402');
    expect(text).to.match(/\n2 errors, 1 warning, 0 notes\. 4 of 6 checks could be made\.\n$/);
    expect(Math.max(...text.split('\n').map((line) => line.length))).to.be.at.most(80);
  });

  it('says in words that there is no problem', () => {
    expect(terminal({ passed: [{ check: 'PID105', cluster: 'prod' }] })).to.match(
      /\nNo problem found\. 1 of 1 check could be made\.\n$/,
    );
  });

  it('names the cluster of each finding if there are several', () => {
    const [cluster] = report().clusters;
    const text = terminal({ ...FULL, clusters: [cluster!, { ...cluster!, context: 'test' }] });
    expect(text).to.contain('  prod: payments\n');
  });

  it('as HTML loads nothing, escapes names, and lists the inventory', () => {
    const page = htmlPage(report(FULL));
    expect(page).to.contain("default-src 'none'").and.to.contain('Pod b/&lt;b&gt;').and.to.contain('A &amp; B');
    expect(page).not.to.match(/<b>|(src|href)=/);
  });

  it('as JSON has the published schema', () => {
    const validate = new Ajv2020({ strict: false, validateFormats: false }).compile(jsonSchema(reportSchema));
    expect(validate(JSON.parse(JSON.stringify(report(FULL)))), JSON.stringify(validate.errors)).to.equal(true);
    expect(validate({ ...report(FULL), findings: [{}] })).to.equal(false);
  });
});
