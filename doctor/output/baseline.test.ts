import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import type { DoctorReport, Finding } from '../judge/report-schema.ts';
import { temporaryFolder } from '../../test/support/run-cli.ts';
import { compared, readBaseline } from './baseline.ts';
import { terminalText } from './terminal.ts';
import { reportOf } from './report.ts';

const finding = (name: string, values: Partial<Finding> = {}): Finding => ({
  check: 'PID301',
  severity: 'error',
  title: 'A pod is older than its association',
  cluster: 'prod',
  object: { kind: 'Deployment', namespace: 'payments', name },
  text: 'It is old.',
  repair: 'Restart it.',
  pods: [],
  fingerprint: `f-${name}`,
  ...values,
});

const report = (findings: readonly Finding[], more: Partial<DoctorReport> = {}): DoctorReport => ({
  ...reportOf(
    {
      version: 1,
      clusters: [{ context: 'prod', server: '', takenAt: '2026-01-01T00:00:00Z', kubernetes: { pods: [] }, gaps: [] }],
    },
    { findings, notChecked: [], passed: [], suppressed: [], warnings: [] },
  ),
  ...more,
});
const since = (now: DoctorReport, before: DoctorReport, made = ['PID301']) => {
  const { new: added, unchanged, gone, notChecked } = compared(now, before, made).since!;
  const names = (findings: readonly Finding[]): readonly string[] => findings.map(({ object }) => object.name);
  return { added, unchanged, gone: names(gone), notChecked: names(notChecked) };
};
const notChecked = (objects: DoctorReport['notChecked'][number]['objects']) => ({
  notChecked: [
    { check: 'PID301', title: '', cluster: 'prod', missing: 'list pods', reason: 'Forbidden', objects } as const,
  ],
});

describe('a report since an older one', () => {
  it('tells new, unchanged and gone findings apart by fingerprint', () => {
    const now = report([finding('a', { text: 'Another text.', pods: ['a-2'] }), finding('b')]);
    expect(since(now, report([finding('a'), finding('c')]))).to.deep.equal({
      added: ['f-b'],
      unchanged: ['f-a'],
      gone: ['c'],
      notChecked: [],
    });
  });

  it('does not call a finding gone if its check, object or cluster was not judged this time', () => {
    const before = report([finding('a'), finding('b')]);
    const over = (now: DoctorReport, made?: string[]) => since(now, before, made).gone;
    expect(over(report([]), ['PID302'])).to.deep.equal([]);
    expect(over(report([], notChecked([])))).to.deep.equal([]);
    expect(over(report([], notChecked([finding('a').object])))).to.deep.equal(['b']);
    const [cluster] = report([]).clusters;
    expect(over(report([], { clusters: [{ ...cluster!, context: 'test' }] }))).to.deep.equal([]);
    const arn = 'arn:aws:eks:us-west-2:111122223333:cluster/prod';
    const renamed = report([], { clusters: [{ ...cluster!, context: 'test', arn }] });
    expect(since(renamed, { ...before, clusters: [{ ...cluster!, arn }] }).gone).to.deep.equal(['a', 'b']);
  });

  it('counts a finding as new when its suppression is over, and does not call a suppressed one gone', () => {
    const suppressed = [{ ...finding('a'), until: '2026-12-31', reason: 'Known.' }];
    expect(since(report([finding('a')]), report([], { suppressed })).added).to.deep.equal(['f-a']);
    expect(since(report([], { suppressed }), report([finding('a')]))).to.deep.equal({
      added: [],
      unchanged: [],
      gone: [],
      notChecked: [],
    });
  });

  it('marks new findings and names those that are gone on the terminal', () => {
    const now = compared(report([finding('a'), finding('b')]), report([finding('a'), finding('c')]), ['PID301']);
    const text = terminalText(now, (one) => one, 80);
    expect(text)
      .to.match(/PID301 Deployment a\n/)
      .and.to.match(/PID301 Deployment b, new\n/);
    expect(text).to.contain('Gone: PID301 Deployment payments/c\n');
    expect(text).to.contain('Since the older report: 1 new, 1 unchanged, 1 gone.\n');
  });

  it('is read only from the JSON output of doctor', () => {
    const file = join(temporaryFolder(), 'report.json');
    writeFileSync(file, JSON.stringify(report([finding('a')])));
    expect(readBaseline(file).findings).to.deep.equal([finding('a')]);
    const { fingerprint: _fingerprint, ...without } = finding('a');
    for (const [content, problem] of [
      ['<html>', /is not JSON\. Make one with .*doctor -- --format json/],
      [
        JSON.stringify({ ...report([]), findings: [without] }),
        /findings\[0\]\.fingerprint must be a string, not missing/,
      ],
      ['{"version":2}', /version must be 1, not 2/],
    ] as const) {
      writeFileSync(file, content);
      expect(() => readBaseline(file)).to.throw(problem);
    }
  });
});
