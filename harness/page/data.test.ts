import { expect } from 'chai';
import fc from 'fast-check';
import { pack, unpack } from './data.ts';

describe('packed data', () => {
  it('unpacks to the original value', () =>
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        // JSON has no -0.
        const plain: unknown = JSON.parse(JSON.stringify(value));
        expect(unpack(JSON.parse(JSON.stringify(pack(plain))) as never)).to.deep.equal(plain);
      }),
    ));

  it('distinguishes strings from numbers, null and booleans', () => {
    const value = ['1', 1, 'null', null, 'true', true, '', '[0]', []];
    expect(unpack(pack(value))).to.deep.equal(value);
  });

  it('keeps keys that JavaScript objects inherit', () => {
    const value: unknown = JSON.parse('{"__proto__":"","constructor":{"toString":1}}');
    expect(unpack(pack(value))).to.deep.equal(value);
  });

  it('stores repeated parts once', () => {
    const statement = { effect: 'Allow', action: 's3:GetObject', conditions: ['a long text that is repeated'] };
    const value = Array.from({ length: 1000 }, () => ({ statement }));
    expect(JSON.stringify(pack(value)).length).to.be.lessThan(6000);
    expect(unpack(pack(value))).to.deep.equal(value);
  });

  it('omits undefined members like JSON', () => expect(unpack(pack({ a: undefined, b: 1 }))).to.deep.equal({ b: 1 }));
});
