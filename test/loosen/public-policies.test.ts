import { expect } from 'chai';
import { judgeChanges, type JudgedChange } from '../../harness/loosen/judge.ts';
import { withProbe } from '../../harness/loosen/survivor/index.ts';
import type { PolicyChange } from '../../harness/loosen/operators/index.ts';
import type { Observation } from '../../harness/policies/observation.ts';
import { withPolicy } from '../../harness/policies/policy-uses.ts';
import type { PolicySource } from '../../harness/policies/sources.ts';
import { embeddedRun } from '../support/embedded-run.ts';
import { PUBLIC_SUITES, type Expected, type Weakening } from '../support/public-policies.ts';

const EXPECTED: Readonly<Record<string, Expected>> = {
  ...{ killed: 'caught', invalid: 'caught', equivalent: 'equivalent' as const },
  ...{ survived: 'hole', unreachable: 'hole' },
};

describe('weakenings of policies from public documentation', () => {
  const embedded = embeddedRun();
  const rows: (readonly [name: string, expected: Expected, judged: JudgedChange | undefined])[] = [];

  for (const [name, { spec, weakenings }] of Object.entries(PUBLIC_SUITES))
    it(`${name}: the suite passes with the original policies`, async () => {
      let observation: Observation | undefined;
      const { verdict, reason } = await embedded.run(spec, `${name.slice(0, 2)}-01`, {
        observe: (one) => (observation = one),
      });
      expect(verdict, reason).to.equal('passed');
      const judged = await judgeChanges([observation!], {
        inline: true,
        run: (copies) => Promise.all(copies.map(({ id, spec: changed }) => embedded.run(changed, id))),
        changes: (source) => weakenings.flatMap((one, index) => changeOf(source, one, index) ?? []),
      });
      for (const [index, [part, owner, from, to, expected]] of weakenings.entries())
        rows.push([
          `${name} ${index + 1}: ${part} of ${owner}: ${from} -> ${to}`,
          expected,
          judged.find(({ change }) => change.statement === index),
        ]);
    });

  it('get the expected verdicts', () => {
    const wrong = rows.flatMap(([name, expected, judged]) =>
      judged && EXPECTED[judged.state] === expected
        ? []
        : [`${name}: ${expected}, but ${judged?.state} ${judged?.reason ?? ''}`],
    );
    expect(wrong).to.deep.equal([]);
    expect(rows.filter(([, , judged]) => judged?.state === 'survived')).to.have.length.above(30);
  });

  it('have ids of their own, and probes whose equal names stand for equal pods', () => {
    const judged = rows.flatMap(([, , one]) => one ?? []);
    expect(new Set(judged.map(({ id }) => id)).size).to.equal(judged.length);
    const pods = new Map<string, string>();
    for (const { proposal } of judged)
      for (const [name, pod] of Object.entries(proposal?.probe.addition.workloads ?? {})) {
        const key = `${proposal?.scenario.id} ${name}`;
        expect(pods.get(key) ?? JSON.stringify(pod)).to.equal(JSON.stringify(pod));
        pods.set(key, JSON.stringify(pod));
      }
  });

  for (const [suite, { spec }] of Object.entries(PUBLIC_SUITES))
    it(`${suite}: all proposed probes together pass, and each fails with its change`, async () => {
      const proposed = rows.filter(
        ([name, , judged]) =>
          name.startsWith(`${suite} `) &&
          judged?.proposal &&
          !JSON.stringify(judged.proposal.probe.addition).includes('"c2"'),
      );
      const probes = proposed.map(([, , judged]) => judged!.proposal!.probe);
      const together = probes.reduce((all, probe) => withProbe(all, probe), spec);
      const id = `${suite.slice(0, 2)}-02`;
      const before = await embedded.run(together, id);
      expect(before.verdict, before.reason).to.equal('passed');
      const blind = [];
      for (const [index, [name, , one]] of proposed.entries()) {
        const { proposal, source, change } = one!;
        const { used } = source.uses[0]!;
        const changed = withPolicy(withProbe(spec, proposal!.probe), used, change.apply(source.document));
        const after = await embedded.run(changed, `${suite.slice(0, 2)}-${index + 10}`);
        if (after.probes[0]?.verdict !== 'failed') blind.push(`${name}: ${after.reason}`);
      }
      expect(blind).to.deep.equal([]);
    });
});

function changeOf(source: PolicySource, [part, owner, from, to]: Weakening, index: number): PolicyChange | undefined {
  const [use] = source.uses;
  if (use?.used.part !== part || use.used.owner !== owner) return undefined;
  const text = JSON.stringify(source.document);
  if (!text.includes(from)) throw new Error(`${from} is not in ${text}`);
  const apply = (document: object): object =>
    document === source.document
      ? (JSON.parse(text.replace(from, () => to)) as object)
      : (use.used.resolve(JSON.parse(text.replace(from, () => to)) as object) ?? {});
  return { operator: 'drop-condition', direction: 'looser', statement: index, text: `statement 1: ${from}`, apply };
}
