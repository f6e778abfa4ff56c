import { expect } from 'chai';
import { judgeChanges, type JudgedChange } from '../../harness/loosen/judge.ts';
import type { PolicyChange } from '../../harness/loosen/operators/index.ts';
import type { Observation } from '../../harness/policies/observation.ts';
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
    const text = rows.map(([name, expected, judged]) => {
      const actual = judged && EXPECTED[judged.state];
      return `${actual === expected ? 'ok   ' : 'WRONG'} ${expected} ${judged?.state} ${name} ${judged?.sentence ?? ''} ${judged?.reason ?? ''}`;
    });
    const score = (one: Expected): string => {
      const all = rows.filter(([, expected]) => expected === one);
      return `${one}: ${all.filter(([, , judged]) => judged && EXPECTED[judged.state] === one).length} of ${all.length}`;
    };
    console.log([...text, score('hole'), score('equivalent'), score('caught')].join('\n'));
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
