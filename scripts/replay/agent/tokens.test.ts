import { expect } from 'chai';
import { fillTokens, tokenOf, UnknownPhrase } from './tokens.ts';

function read(token: string): [Record<string, unknown>, Record<string, unknown>] {
  const [header, claims] = token.split('.').map((part) => Buffer.from(part, 'base64url').toString());
  return [JSON.parse(header ?? ''), JSON.parse(claims ?? '')] as [Record<string, unknown>, Record<string, unknown>];
}

describe('tokenOf', () => {
  it('creates a unique token each time', () => {
    expect(tokenOf('valid token')).not.to.equal(tokenOf('valid token'));
  });

  it('sets times relative to now', () => {
    const now = Date.now() / 1000;
    const [, claims] = read(tokenOf('token with exp 10 s ago and nbf in 2 min'));
    expect(claims['exp']).to.be.closeTo(now - 10, 3);
    expect(claims['nbf']).to.be.closeTo(now + 120, 3);
  });

  it('sets and omits members of header and claims', () => {
    expect(read(tokenOf('token with alg none'))[0]).to.include({ alg: 'none' });
    expect(read(tokenOf('token without alg'))[0]).not.to.have.property('alg');
    expect(read(tokenOf('token without exp'))[1]).not.to.have.property('exp');
    expect(read(tokenOf('token with aud sts.amazonaws.com'))[1]).to.include({ aud: 'sts.amazonaws.com' });
    expect(read(tokenOf('token with iss 5'))[1]).to.include({ iss: 5 });
    expect(read(tokenOf('token with exp null'))[1]).to.include({ exp: null });
  });

  it('keeps the text around a phrase', () => {
    expect(fillTokens('Bearer <valid token>')).to.match(/^Bearer [\w-]+\.[\w-]+\.[\w-]+$/);
    expect(fillTokens('x.y')).to.equal('x.y');
  });

  for (const phrase of ['mystery', 'token', 'token of mystery']) {
    it(`rejects "${phrase}"`, () => {
      expect(() => tokenOf(phrase)).to.throw(UnknownPhrase);
    });
  }
});
