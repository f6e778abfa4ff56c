/** Tokens that STS rejects although their issuer signed them. */
import { expect } from 'chai';
import { check, irsaRole, suite } from '../../harness/index.ts';
import { WEB_IDENTITY } from '../lib/sources.ts';
import { withOwnIssuer } from './lib/own-issuer.ts';

const REJECTED = 'InvalidIdentityToken';
const JWS = 'RFC 7515, "JSON Web Signature"';
/** Seconds. */
const nowPlus = (seconds: number): number => Math.floor(Date.now() / 1000) + seconds;
// STS must reach the issuer on this machine.
const WITH_OWN_ISSUER = {
  needs: ['call-record'],
  roles: { app: irsaRole('app/app') },
  workloads: { app: {} },
} as const;

suite('irsa', ({ scenario }) => {
  scenario('IR-36', 'STS rejects a token before its nbf, even if it is already issued', {
    source: `RFC 7519, "JSON Web Token", 4.1.4 to 4.1.6: exp, nbf, iat; ${WEB_IDENTITY}, errors`,
    ...WITH_OWN_ISSUER,
    probes: [
      check('the times of a token apply', (context) =>
        withOwnIssuer(context, async (assumeWith) => {
          expect(await assumeWith({}), 'without nbf').to.equal('none');
          expect(await assumeWith({ nbf: nowPlus(-300) }), 'after nbf').to.equal('none');
          for (const seconds of [300, 86_400])
            expect(
              await assumeWith({ nbf: nowPlus(seconds), exp: nowPlus(seconds + 600) }),
              `${seconds} s before nbf`,
            ).to.equal(REJECTED);
          const issued = { iat: nowPlus(-900), nbf: nowPlus(-900) };
          expect(await assumeWith({ ...issued, exp: nowPlus(-300) }), 'after exp').to.equal('ExpiredToken');
          expect(await assumeWith({ ...issued, exp: nowPlus(300) }), 'between nbf and exp').to.equal('none');
        }),
      ),
    ],
  });

  scenario('IR-37', 'STS rejects a token that requires an extension that STS does not know', {
    source: `${JWS}, 4.1.11: crit, and 4: unknown header parameters are ignored; ${WEB_IDENTITY}, errors`,
    ...WITH_OWN_ISSUER,
    probes: [
      check('the header crit applies', (context) =>
        withOwnIssuer(context, async (assumeWith) => {
          const extension = 'https://example.com/extension';
          expect(await assumeWith({}), 'without crit').to.equal('none');
          expect(await assumeWith({}, { [extension]: 1 }), 'an extension that is not critical').to.equal('none');
          for (const header of [
            { [extension]: 1, crit: [extension] },
            { [extension]: false, crit: [extension, 'alg'] },
            // This header lacks the extension.
            { crit: [extension] },
          ])
            expect(await assumeWith({}, header), JSON.stringify(header)).to.equal(REJECTED);
        }),
      ),
    ],
  });
});
