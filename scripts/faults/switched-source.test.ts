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

/** What the function answers with faults on. */
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
  it('has an operand, a statement, and several statements in two forms', async () => {
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

  it('has one form within another, and several of one place', async () => {
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

  it('has a default and a member of an object in two forms', async () => {
    const source = switched(['default', 'b = true', 'b = false'], ['member', '{ b })', '{})']);
    expect(await answers(source, ['default', 'member'], false, false)).to.equal('false,false');
    expect(await answers(source, ['member'], false, false)).to.equal('false,true');
  });

  for (const [what, original, replacement, problem] of [
    ['what is not there', 'a && c', 'a', 'the original is not there'],
    ['what is there twice', 'return', 'throw', 'times, so take more'],
    ['what no longer parses', 'a && b', 'a &&', 'cannot be parsed'],
    ['a signature', 'a: boolean, b: boolean): string', 'a: boolean): string', 'make it within one'],
  ] as const) {
    it(`refuses ${what}, and names the fault`, () => {
      expect(() => switched(['wrong', original, replacement]))
        .to.throw(`Fault wrong does not apply to decide.ts: `)
        .with.property('message')
        .that.contains(problem);
    });
  }
});
