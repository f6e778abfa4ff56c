/** Key sets of an issuer: unusable keys next to good ones, and sets that cannot be read. */
import { expect } from 'chai';
import { check, irsaRole, suite } from '../../harness/index.ts';
import { WEB_IDENTITY } from '../lib/sources.ts';
import { newKeyPair } from '../lib/forged-tokens.ts';
import { KEY_ID, withOwnIssuer } from './lib/own-issuer.ts';

const REJECTED = /^(InvalidIdentityToken|IDPCommunicationError)$/;
/** Keys that lack members, have wrong ones, or are of other types. */
const UNUSABLE: readonly Readonly<Record<string, string>>[] = [
  { kty: 'RSA' },
  { kty: 'RSA', n: 'AQAB', e: '' },
  { kty: 'RSA', n: '!', e: 'AQAB' },
  { kty: 'EC', crv: 'P-256', x: 'AA', y: 'AA' },
  { kty: 'EC', crv: 'P-000', x: 'AA', y: 'AA' },
  { kty: 'OKP', crv: 'Ed25519', x: 'AA' },
  { kty: 'oct', k: 'AAAA' },
  { kty: 'unknown' },
  {},
];
const UNREADABLE: readonly (readonly [text: string, status?: number])[] = [
  ['{"keys":['],
  ['<html></html>'],
  ['null'],
  ['{}'],
  ['{"keys":null}'],
  ['{"keys":[]}'],
  ['{"keys":[]}', 500],
  ['', 404],
  ['', 503],
];

suite('irsa', ({ scenario }) => {
  scenario('IR-39', 'unusable keys of an issuer do no harm to its good ones, nor does a set that cannot be read', {
    source: `RFC 7517, "JSON Web Key (JWK)", 5: keys that are not understood are ignored, and 4.5: key ids; ${WEB_IDENTITY}, errors: InvalidIdentityToken and IDPCommunicationError`,
    // STS must reach the issuer on this machine.
    needs: ['call-record'],
    roles: { app: irsaRole('app/app') },
    workloads: { app: {} },
    probes: [
      check('a token is verified with its own key', (context) =>
        withOwnIssuer(context, async (assumeWith, publish) => {
          expect(await assumeWith({}), 'the only key').to.equal('none');
          for (const unusable of UNUSABLE)
            for (const bad of [{ ...unusable, kid: 'bad' }, unusable]) {
              publish((own) => ({ keys: [bad, own] }));
              expect(await assumeWith({}), `after ${JSON.stringify(bad)}`).to.equal('none');
              publish((own) => ({ keys: [own, bad] }));
              expect(await assumeWith({}), `before ${JSON.stringify(bad)}`).to.equal('none');
            }
          // Keys of different types may share an id.
          publish((own) => ({ keys: [{ kty: 'EC', crv: 'P-256', x: 'AA', y: 'AA', kid: KEY_ID }, own] }));
          expect(await assumeWith({}), 'after a key of another type with the same id').to.equal('none');
        }),
      ),
      check('a token whose key cannot be read is rejected, and accepted once it can', (context) =>
        withOwnIssuer(context, async (assumeWith, publish) => {
          const { publicKey } = await newKeyPair();
          const other = { ...publicKey.export({ format: 'jwk' }), alg: 'RS256', use: 'sig' };
          const sets = ['other', KEY_ID].map((kid) => [JSON.stringify({ keys: [{ ...other, kid }] })] as const);
          for (const [text, status] of [...UNREADABLE, ...sets]) {
            publish(text, status);
            expect(await assumeWith({}), `${status ?? 200} ${text}`).to.match(REJECTED);
            publish();
            expect(await assumeWith({}), `after ${status ?? 200} ${text}`).to.equal('none');
          }
        }),
      ),
    ],
  });
});
