/** Tests whether STS accepts tokens of an issuer that the test serves. */
import { expect } from 'chai';
import type { Issuer } from './oidc-issuer.ts';

export async function acceptsToken(
  issuer: Issuer,
  claims: object,
  answer: Awaited<ReturnType<Issuer['assume']>>,
): Promise<void> {
  const attempt = await issuer.assume(await issuer.sign({ ...claims }));
  expect(attempt, JSON.stringify(claims)).to.include(answer).and.not.to.have.property('code');
}

export async function refusesToken(
  issuer: Issuer,
  token: string,
  code: string,
  what: unknown,
): ReturnType<Issuer['assume']> {
  const attempt = await issuer.assume(token);
  const status = code === 'AccessDenied' ? 403 : 400;
  expect(attempt, JSON.stringify(what)).to.include({ code, status });
  return attempt;
}
