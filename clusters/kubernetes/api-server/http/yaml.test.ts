import { expect } from 'chai';
import { ApiError } from '../model/types.ts';
import { parseYaml } from './yaml.ts';

describe('YAML bodies', () => {
  const keys = (count: number): string => Array.from({ length: count }, (_, i) => `k${i}: v`).join('\n');

  it('may be YAML, or JSON of any length', async () => {
    expect(await parseYaml('a: [1, {b: c}]\n')).to.deep.equal({ a: [1, { b: 'c' }] });
    expect(await parseYaml('{a: 1}')).to.deep.equal({ a: 1 });
    const long = { a: 'x'.repeat(300_000) };
    expect(await parseYaml(JSON.stringify(long))).to.deep.equal(long);
  });

  for (const [what, text] of [
    ['nested brackets', '['.repeat(1000)],
    ['nested brackets on separate lines', '[\n'.repeat(1000)],
    ['deeply nested lists', `${'- '.repeat(1000)}x`],
    ['more than 256 KiB', keys(40_000)],
  ] as const) {
    it(`are rejected before parsing: ${what}`, async () => {
      const error = await parseYaml(text).catch((thrown: unknown) => thrown);
      expect(error).to.be.instanceOf(ApiError);
      expect((error as ApiError).status).to.equal(400);
    });
  }

  it('are rejected if aliases expand exponentially', async () => {
    const lines = ['a: &a [x,x,x,x,x,x,x,x]'];
    for (const [from, to] of ['ab', 'bc', 'cd', 'de', 'ef']) lines.push(`${to}: &${to} [${`*${from},`.repeat(8)}]`);
    const error = await parseYaml(lines.join('\n')).catch((thrown: unknown) => thrown);
    expect(error).to.be.instanceOf(Error);
  });
});
