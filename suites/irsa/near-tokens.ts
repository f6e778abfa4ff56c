/** Tokens that STS rejects although they nearly equal an accepted one: their texts, and who signed them. */
import { IAM } from '@aws-sdk/client-iam';
import { check, irsaRole, suite } from '../../harness/index.ts';
import { forgedTokens } from '../lib/forged-tokens.ts';
import { judge, nearForms, type Row } from '../lib/rows.ts';
import { OIDC_KEYS, OIDC_PROVIDERS, WEB_IDENTITY } from '../lib/sources.ts';
import { AUDIENCE, KEY_ID, SUBJECT, withOwnIssuer } from './lib/own-issuer.ts';

const REJECTED = 'InvalidIdentityToken';
// STS must reach the issuer on this machine.
const WITH_OWN_ISSUER = {
  needs: ['call-record'],
  roles: { app: irsaRole('app/app') },
  workloads: { app: {} },
} as const;

suite('irsa', ({ scenario }) => {
  scenario('IR-40', "STS compares a token's issuer, audience, subject and key id exactly", {
    source: `${OIDC_PROVIDERS}: URL and audience; OpenID Connect Core 1.0, 3.1.3.7; RFC 7519, 4.1; ${OIDC_KEYS}; ${WEB_IDENTITY}, errors`,
    ...WITH_OWN_ISSUER,
    probes: [
      check('near texts are other texts', (context) =>
        withOwnIssuer(context, async (assumeWith, _publish, issuer) => {
          const { origin, pathname } = new URL(issuer);
          const rows: Row[] = [
            ['the same texts', 'none', () => assumeWith({})],
            ['the audience in a list', 'none', () => assumeWith({ aud: [AUDIENCE] })],
            [
              'two audiences, the authorized party is one',
              'none',
              () => assumeWith({ aud: [AUDIENCE, 'x'], azp: AUDIENCE }),
            ],
            ['another authorized party', REJECTED, () => assumeWith({ aud: AUDIENCE, azp: `${AUDIENCE}x` })],
            ['an empty audience', REJECTED, () => assumeWith({ aud: '' })],
            ['an empty list of audiences', REJECTED, () => assumeWith({ aud: [] })],
          ];
          const issuers: Row[] = [
            ['the parent of the issuer', REJECTED, () => assumeWith({ iss: origin })],
            ['a parent path of the issuer', REJECTED, () => assumeWith({ iss: `${origin}/tenants` })],
            ['a path below the issuer', REJECTED, () => assumeWith({ iss: `${issuer}/below` })],
            ['the host in another case', REJECTED, () => assumeWith({ iss: issuer.replace('http:', 'HTTP:') })],
            ['the issuer with a query', REJECTED, () => assumeWith({ iss: `${issuer}?x=1` })],
          ];
          for (const [form, text] of Object.entries(nearForms(pathname.slice(1))))
            issuers.push([`an issuer ${form}`, REJECTED, () => assumeWith({ iss: `${origin}/${text}` })]);
          for (const [form, text] of Object.entries(nearForms(AUDIENCE)))
            rows.push(
              [`an audience ${form}`, REJECTED, () => assumeWith({ aud: text })],
              [`a listed audience ${form}`, REJECTED, () => assumeWith({ aud: ['x', text] })],
            );
          for (const [form, text] of Object.entries(nearForms(SUBJECT)))
            rows.push([`a subject ${form}`, 'AccessDenied', () => assumeWith({ sub: text })]);
          for (const [form, kid] of Object.entries(nearForms(KEY_ID)))
            rows.push([`a key id ${form}`, REJECTED, () => assumeWith({}, { kid })]);
          for (const alg of ['rs256', 'RS256 ', 'RS512', 'PS256', 'HS256', 'none'])
            rows.push([`the algorithm "${alg}"`, REJECTED, () => assumeWith({}, { alg })]);
          await judge(rows);
          // The issuer publishes one address at a time.
          await judge(issuers, 1);
        }),
      ),
    ],
  });

  scenario('IR-41', 'STS rejects a token that anyone can sign with what the issuer publishes', {
    source: `RFC 8725, "JSON Web Token Best Current Practices", 2.1, 3.1 and 3.5; ${OIDC_PROVIDERS}; ${WEB_IDENTITY}, errors`,
    ...WITH_OWN_ISSUER,
    probes: [
      check('only the private key signs', (context) =>
        withOwnIssuer(context, async (assumeWith) => {
          let forged: Awaited<ReturnType<typeof forgedTokens>> = {};
          const noToken = await assumeWith({}, {}, async (claims, key) => {
            forged = await forgedTokens(claims, key);
            return 'no token';
          });
          const rows = Object.entries(forged).map(([kind, token]): Row => [
            kind,
            REJECTED,
            () => assumeWith({}, {}, () => token),
          ]);
          await judge([
            ['the private key', 'none', () => assumeWith({})],
            ['no token', REJECTED, async () => noToken],
            ...rows,
          ]);
        }),
      ),
    ],
  });

  scenario('IR-42', 'STS compares client ids with the audience exactly, even client ids that contain it', {
    source: `${OIDC_PROVIDERS}: audience; IAM API Reference, AddClientIDToOpenIDConnectProvider and RemoveClientIDFromOpenIDConnectProvider`,
    ...WITH_OWN_ISSUER,
    probes: [
      check('near client ids are other client ids', (context) =>
        withOwnIssuer(context, async (assumeWith, _publish, issuer) => {
          const iam = new IAM(await context.aws('iam'));
          const provider = `arn:aws:iam::${context.name('<account:main>')}:oidc-provider/${issuer.replace('http://', '')}`;
          const of = (ClientID: string) => ({ OpenIDConnectProviderArn: provider, ClientID });
          // IAM does not document whether it keeps blanks at the ends.
          const near = Object.entries(nearForms(AUDIENCE)).filter(([, text]) => !text.includes(' '));
          for (const [, text] of near) await iam.addClientIDToOpenIDConnectProvider(of(text));
          await iam.removeClientIDFromOpenIDConnectProvider(of(AUDIENCE));
          await judge([
            ['the audience, and near client ids only', REJECTED, () => assumeWith({})],
            ['the authorized party, and near client ids only', REJECTED, () => assumeWith({ azp: AUDIENCE })],
            ...near.map(([form, aud]): Row => [`an audience and client id ${form}`, 'none', () => assumeWith({ aud })]),
          ]);
          await iam.addClientIDToOpenIDConnectProvider(of(AUDIENCE));
          for (const [, text] of near) await iam.removeClientIDFromOpenIDConnectProvider(of(text));
          await judge([['the audience after near client ids were removed', 'none', () => assumeWith({})]]);
        }),
      ),
    ],
  });
});
