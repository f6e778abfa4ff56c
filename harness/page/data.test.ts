import { expect } from 'chai';
import fc from 'fast-check';
import { pack, unpack } from './data.ts';

describe('packed data', () => {
  it('is what it was, whatever it is', () =>
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        // JSON knows no -0.
        const plain: unknown = JSON.parse(JSON.stringify(value));
        expect(unpack(JSON.parse(JSON.stringify(pack(plain))) as never)).to.deep.equal(plain);
      }),
    ));

  it('tells texts from numbers, nothing and truths', () => {
    const value = ['1', 1, 'null', null, 'true', true, '', '[0]', []];
    expect(unpack(pack(value))).to.deep.equal(value);
  });

  it('has keys that objects of JavaScript have by themselves', () => {
    const value: unknown = JSON.parse('{"__proto__":"","constructor":{"toString":1}}');
    expect(unpack(pack(value))).to.deep.equal(value);
  });

  it('has once what is there often', () => {
    const statement = { effect: 'Allow', action: 's3:GetObject', conditions: ['a long text that is there often'] };
    const value = Array.from({ length: 1000 }, () => ({ statement }));
    expect(JSON.stringify(pack(value)).length).to.be.lessThan(6000);
    expect(unpack(pack(value))).to.deep.equal(value);
  });

  it('leaves out what is undefined, as JSON does', () =>
    expect(unpack(pack({ a: undefined, b: 1 }))).to.deep.equal({ b: 1 }));
});
