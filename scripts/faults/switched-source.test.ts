import { runInNewContext } from 'node:vm';
import { expect } from 'chai';
import { switchedSource } from './switched-source.ts';

const SOURCE = `export function decide(a: boolean, b: boolean): string {
  const both = a && b;
  if (both) return 'both';
  for (const one of [a, b]) {
    if (!one) continue;
    return 'one';
  }
  return list(a, { b }).join();
}
const list = (a: boolean, { b = true }: { b?: boolean }) => [String(a), String(b)];
`;

/** Returns the result of the function with faults on. */
async function answers(source: string, on: readonly string[], a: boolean, b: boolean): Promise<string> {
  const { transform } = await import('esbuild');
  const { code } = await transform(source, { loader: 'ts', format: 'cjs' });
  const module = { exports: {} as { decide: (a: boolean, b: boolean) => string } };
  runInNewContext(code, { module, __isFaultOn: (name: string) => on.includes(name) });
  return module.exports.decide(a, b);
}

const switched = (...faults: readonly (readonly [name: string, original: string, replacement: string])[]): string =>
  switchedSource(
    'decide.ts',
    SOURCE,
    faults.map(([name, original, replacement]) => ({
      name,
      replacements: [{ file: 'decide.ts', original, replacement }],
    })),
  );

describe('switched source', () => {
  it('switches an operand, a statement, and several statements', async () => {
    const source = switched(
      ['or', 'a && b', 'a || b'],
      ['never', "if (both) return 'both';", ''],
      ['second', "if (!one) continue;\nreturn 'one';", "return one ? 'first' : 'second';"],
    );
    expect(await answers(source, [], true, true)).to.equal('both');
    expect(await answers(source, [], true, false)).to.equal('one');
    expect(await answers(source, ['or'], true, false)).to.equal('both');
    expect(await answers(source, ['never'], true, true)).to.equal('one');
    expect(await answers(source, ['second'], false, false)).to.equal('second');
  });

  it('supports nested switches, and several faults at the same place', async () => {
    const source = switched(
      ['loop', 'for (const one of [a, b]) {', 'for (const one of [b]) {'],
      ['inner', '!one', 'one'],
      ['outer', "return 'one';", "return 'two';"],
      ['other', "return 'one'", "return 'three'"],
    );
    expect(await answers(source, [], true, false)).to.equal('one');
    expect(await answers(source, ['loop'], true, false)).to.equal('true,false');
    expect(await answers(source, ['inner'], true, false)).to.equal('one');
    expect(await answers(source, ['inner'], true, true)).to.equal('both');
    expect(await answers(source, ['outer'], true, false)).to.equal('two');
    expect(await answers(source, ['other'], true, false)).to.equal('three');
  });

  it('switches a default value and a property of an object', async () => {
    const source = switched(['default', 'b = true', 'b = false'], ['member', '{ b })', '{})']);
    expect(await answers(source, ['default', 'member'], false, false)).to.equal('false,false');
    expect(await answers(source, ['member'], false, false)).to.equal('false,true');
  });

  for (const [what, original, replacement, problem] of [
    ['a missing original', 'a && c', 'a', 'the original does not occur'],
    ['an ambiguous original', 'return', 'throw', 'times, so include more'],
    ['a replacement with a syntax error', 'a && b', 'a &&', 'cannot be parsed'],
    ['a changed signature', 'a: boolean, b: boolean): string', 'a: boolean): string', 'or a function body'],
  ] as const) {
    it(`rejects ${what}, and names the fault`, () => {
      expect(() => switched(['wrong', original, replacement]))
        .to.throw(`Fault wrong does not apply to decide.ts: `)
        .with.property('message')
        .that.contains(problem);
    });
  }
});
