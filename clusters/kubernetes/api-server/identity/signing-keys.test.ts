import { expect } from 'chai';
import { decodeProtectedHeader } from 'jose';
import { newSigningKeys } from './signing-keys.ts';

describe('signing keys', () => {
  it('rotate, and earlier tokens stay valid', async () => {
    let now = 1_000_000;
    const keys = newSigningKeys(undefined, { clock: { now: () => now }, milliseconds: 1000 });
    const first = await keys.sign({ sub: 'first' });
    now += 999;
    expect(decodeProtectedHeader(await keys.sign({})).kid).to.equal(decodeProtectedHeader(first).kid);
    now += 1;
    const published = (await keys.jwks()).map(({ kid }) => kid);
    const second = await keys.sign({ sub: 'second' });
    expect(published).to.deep.equal([first, second].map((token) => decodeProtectedHeader(token).kid));
    expect(new Set(published)).to.have.length(2);
    expect([await keys.verify(first), await keys.verify(second)]).to.deep.equal([{ sub: 'first' }, { sub: 'second' }]);
    now -= 1000;
    expect(decodeProtectedHeader(await keys.sign({})).kid, 'after the clock is moved back').to.equal(published[0]);
  });

  it('reject tokens signed by other keys, and other text', async () => {
    const keys = newSigningKeys();
    const other = await newSigningKeys().sign({});
    const [header, , signature] = (await keys.sign({})).split('.');
    for (const text of [other, '', 'a.b.c', `${header}.e30x.${signature}`])
      expect(await keys.verify(text), text).to.equal(undefined);
  });
});
