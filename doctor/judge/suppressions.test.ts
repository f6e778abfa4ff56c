import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { temporaryFolder } from '../../test/support/run-cli.ts';
import type { Finding } from './report-schema.ts';
import { readSuppressions, suppress } from './suppressions.ts';

const finding = (name: string, cluster = 'prod'): Finding => ({
  check: 'PID301',
  severity: 'error',
  title: 'A pod is older than its association',
  cluster,
  object: { kind: 'Deployment', namespace: 'payments', name },
  text: 'Text.',
  repair: 'Restart it.',
  pods: ['a'],
  fingerprint: name,
});
const diagnosis = { findings: [finding('ledger'), finding('other')], notChecked: [], passed: [] };

function read(text: string) {
  const file = join(temporaryFolder(), 'accepted.yaml');
  writeFileSync(file, text);
  return readSuppressions(file, ['PID301', 'PID302']);
}
const entry = (more: string): string => `allowed:\n  - {check: PID301, reason: Known., ${more}}\n`;

describe('suppressions of doctor', () => {
  it('take findings out of the diagnosis, by check and object', () => {
    const { findings, suppressed, warnings } = suppress(
      diagnosis,
      read(entry('object: Deployment payments/ledger, until: 2026-12-31')),
      '2026-12-31',
    );
    expect(findings.map(({ object }) => object.name)).to.deep.equal(['other']);
    expect(suppressed).to.have.length(1);
    expect(suppressed[0]).to.include({ until: '2026-12-31', reason: 'Known.' });
    expect(warnings).to.deep.equal([]);
  });

  it('apply to the named cluster only', () => {
    const { findings, warnings } = suppress(diagnosis, read(entry('cluster: test, until: 2026-12-31')), '2026-01-01');
    expect(findings).to.have.length(2);
    expect(warnings).to.deep.equal(['The suppression of PID301 matches no finding. Remove it.']);
  });

  it('end, which is said', () => {
    const { findings, warnings } = suppress(diagnosis, read(entry('until: 2026-01-31')), '2026-02-01');
    expect(findings).to.have.length(2);
    expect(warnings).to.deep.equal(['The suppression of PID301 ended on 2026-01-31.']);
  });

  for (const [what, text, problem] of [
    ['a check that does not exist', 'allowed: [{check: PID399, until: 2026-12-31, reason: a}]', /unknown check PID399/],
    ['a missing reason', 'allowed: [{check: PID301, until: 2026-12-31}]', /allowed\[0\]\.reason must be/],
    ['a wrong date', 'allowed: [{check: PID301, until: tomorrow, reason: a}]', /until must be a date such as/],
    ['a misspelt member', 'allowed: [{check: PID301, util: 2026-12-31, reason: a}]', /"util": did you mean "until"/],
  ] as const)
    it(`with ${what} are rejected in one sentence`, () => expect(() => read(text)).to.throw(problem));
});
