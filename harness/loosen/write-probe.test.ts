import { expect } from 'chai';
import type { Probe } from './survivor/index.ts';
import { withProbeIn } from './write-probe.ts';

const SUITE = `import { granted, getObject, suite } from 'eks-pod-identity-conformance';

suite('payments', ({ scenario }) => {
  scenario('PAY-01', 'a title with (brackets] and \\'quotes\\'', {
    roles: { ledger },
    // A comment with a brace {.
    workloads: { ledger: { serviceAccount: 'ledger', role: 'ledger' } },
    probes: [granted('ledger', getObject('data/{key'))],
  });
  scenario('PAY-02', 'elsewhere', { roles, workloads: WORKLOADS, probes: [] });
});
`;

const probe = (code: Partial<Probe['code']>, imports: readonly string[] = []): Probe =>
  ({ code: { roles: [], workloads: [], objects: [], probes: [], ...code }, imports }) as unknown as Probe;

describe('withProbeIn', () => {
  it('adds entries to literal members, probes first, and missing imports', () => {
    const code = {
      workloads: ["other: { serviceAccount: 'other', role: 'ledger' }"],
      objects: ["'data/x'"],
      probes: ["refused('other', fetchCredentials(), { by: 'eks-auth' })"],
    };
    expect(withProbeIn(SUITE, 'PAY-01', probe(code, ['fetchCredentials', 'granted', 'refused']))).to.equal(
      SUITE.replace('import { granted', 'import {\n  fetchCredentials,\n  refused, granted')
        .replace("'ledger' } },", "'ledger' }, other: { serviceAccount: 'other', role: 'ledger' } },")
        .replace("quotes\\'', {", "quotes\\'', {\n    objects: ['data/x'],")
        .replace(
          'probes: [granted',
          "probes: [\n      refused('other', fetchCredentials(), { by: 'eks-auth' }),granted",
        ),
    );
  });

  it('adds to a list that is empty, or ends with a comma', () => {
    const text = `scenario('A-01', '', { objects: ['a/b',\n], probes: [] })`;
    expect(withProbeIn(text, 'A-01', probe({ objects: ["'c/d'"], probes: ['x()'] }))).to.equal(
      `scenario('A-01', '', { objects: ['a/b', 'c/d'\n], probes: [\n      x(),] })`,
    );
  });

  for (const [what, id, code] of [
    ['a member that is not a literal', 'PAY-02', { workloads: ['a: {}'] }],
    ['a member in short form', 'PAY-02', { roles: ['a: {}'] }],
    ['a scenario that is not in the file', 'PAY-03', { probes: ['x()'] }],
  ] as const)
    it(`does not change ${what}`, () => expect(withProbeIn(SUITE, id, probe(code))).to.equal(undefined));

  it('does not change a file without an import from the package', () => {
    const text = SUITE.replace('eks-pod-identity-conformance', './helpers.ts');
    expect(withProbeIn(text, 'PAY-01', probe({ probes: ['x()'] }, ['x']))).to.equal(undefined);
  });
});
