/** What STS requires of an OIDC issuer: its keys, its certificate, and the claims of its tokens. */
import { IAMClient, UpdateOpenIDConnectProviderThumbprintCommand } from '@aws-sdk/client-iam';
import { expect } from 'chai';
import { allow, check, irsaRole, suite } from '../../harness/index.ts';
import { acceptsToken, app, refusesToken } from './lib/issuer-tokens.ts';
import { CLIENT, OTHER_CLIENT, withIssuer } from './lib/oidc-issuer.ts';
import { OIDC_KEYS, OIDC_PROVIDERS, WEB_IDENTITY } from '../lib/sources.ts';

const TAGS = 'IAM User Guide, "Pass session tags in AWS STS": AssumeRoleWithWebIdentity';

suite('irsa', ({ scenario }) => {
  scenario('IR-28', "a token's claims must be those that STS needs, and in time", {
    ...app,
    source: `${WEB_IDENTITY}, errors; ${OIDC_PROVIDERS}; ${OIDC_KEYS}`,
    probes: [
      check('each claim that is missing or wrong is refused', (context) =>
        withIssuer(context, {}, async (issuer) => {
          const now = Math.floor(Date.now() / 1000);
          await acceptsToken(issuer, {}, { subject: 'somebody', audience: CLIENT, provider: issuer.url });
          await acceptsToken(issuer, { nbf: undefined }, {});
          await acceptsToken(issuer, { aud: ['elsewhere', CLIENT] }, { audience: CLIENT });
          // With several audiences, `azp` says to which of them the token was issued.
          await acceptsToken(issuer, { aud: [CLIENT, 'elsewhere'], azp: OTHER_CLIENT }, { audience: OTHER_CLIENT });
          const bad: readonly Readonly<Record<string, unknown>>[] = [
            ...['iss', 'sub', 'aud', 'exp', 'iat'].map((claim) => ({ [claim]: undefined })),
            ...[{ sub: '' }, { sub: 7 }, { aud: [] }, { aud: 7 }, { exp: 'later' }, { iat: 'before' }, { iss: 7 }],
            ...[
              { aud: CLIENT.toUpperCase() },
              { aud: 'elsewhere' },
              { aud: ['elsewhere'] },
              { aud: [CLIENT], azp: 'elsewhere' },
            ],
            ...[{ nbf: now + 300 }, { iat: now + 300, nbf: undefined }, { iat: now + 300 }],
            ...[{ iss: `${issuer.url}/elsewhere` }, { iss: 'https://issuer.example.com' }],
          ];
          for (const claims of bad)
            await refusesToken(issuer, await issuer.sign(claims), 'InvalidIdentityToken', claims);
          for (const exp of [now - 300, now])
            await refusesToken(issuer, await issuer.sign({ exp }), 'ExpiredToken', { exp });
        }),
      ),
      check('an issuer is another one without the last slash of its URL', (context) =>
        withIssuer(context, { slash: true }, async (issuer) => {
          await acceptsToken(issuer, {}, { provider: issuer.url });
          const token = await issuer.sign({ iss: issuer.url.slice(0, -1) });
          const { message } = await refusesToken(issuer, token, 'InvalidIdentityToken', 'no slash');
          expect(message).to.contain('No OpenIDConnect provider found');
        }),
      ),
    ],
  });

  scenario('IR-29', 'a token must be signed by a key that the issuer publishes, with an algorithm of such keys', {
    ...app,
    source: `${WEB_IDENTITY}, InvalidIdentityToken; ${OIDC_PROVIDERS}: signed with RS256, RS384, RS512, ES256, ES384 or ES512`,
    probes: [
      check('by its own keys alone', (context) =>
        withIssuer(context, {}, async (issuer) => {
          for (const alg of ['RS256', 'RS384', 'RS512', 'ES256', 'ES384', 'ES512'])
            expect(await issuer.assume(await issuer.sign({}, { alg })), alg).not.to.have.property('code');
          for (const alg of ['PS256', 'EdDSA'])
            await refusesToken(issuer, await issuer.sign({}, { alg }), 'InvalidIdentityToken', alg);
          const unknown = await issuer.sign({}, { kid: 'another' });
          await refusesToken(issuer, unknown, 'InvalidIdentityToken', 'a key that there is not');
          const shared = await issuer.sign({}, { alg: 'HS256', kid: 'RS256' });
          await refusesToken(issuer, shared, 'InvalidIdentityToken', 'a secret');
          const [header, , signature] = (await issuer.sign()).split('.');
          const [, claims] = (await issuer.sign({ sub: 'somebody-else' })).split('.');
          await refusesToken(issuer, [header, claims, signature].join('.'), 'InvalidIdentityToken', 'other claims');
        }),
      ),
    ],
  });

  scenario('IR-30', 'while an issuer does not publish its keys as it should, none of its tokens is accepted', {
    ...app,
    source: `${OIDC_PROVIDERS}: the discovery document and its jwks_uri; OpenID Connect Discovery 1.0, sections 3 and 4.3`,
    probes: [
      check('whatever is wrong there', (context) =>
        withIssuer(context, {}, async (issuer) => {
          const discovery = '/.well-known/openid-configuration';
          const token = await issuer.sign();
          const of = (body: unknown, status = 200) => ({ [discovery]: { body, status } });
          const keys = (body: unknown, status = 200) => ({ '/keys': { body, status } });
          await acceptsToken(issuer, {}, {});
          const wrong = {
            'no answer': { [discovery]: { body: '', ends: true } as const },
            ...{ 'no document': of('Not Found', 404), 'a failure': of({}, 500), 'no JSON': of('<html>') },
            ...{ 'no object': of('null'), 'no keys named': of({ issuer: issuer.url }) },
            'another issuer': of({ issuer: `${issuer.url}/elsewhere`, jwks_uri: `${issuer.url}/keys` }),
            'keys elsewhere': of({ issuer: issuer.url, jwks_uri: 'https://issuer.example.com/keys' }),
            'a good document with another status': of({ issuer: issuer.url, jwks_uri: `${issuer.url}/keys` }, 203),
            ...{ 'keys missing': keys('Not Found', 404), 'no list of keys': keys({ keys: 'none' }) },
            ...{
              'no key': keys({ keys: [] }),
              'keys without end': keys(`{"keys":[],"more":"${'x'.repeat(300_000)}"}`),
            },
          };
          for (const [what, pages] of Object.entries(wrong)) {
            issuer.answer(pages);
            const { message } = await refusesToken(issuer, token, 'InvalidIdentityToken', what);
            expect(message, what).to.contain("Couldn't retrieve verification key");
          }
          // STS asks again: what was wrong is not held against the issuer.
          issuer.answer(undefined);
          expect(await issuer.assume(token)).not.to.have.property('code');
        }),
      ),
    ],
  });

  scenario('IR-31', "an issuer's certificate counts by a thumbprint of its chain that the provider lists", {
    ...app,
    source:
      'IAM User Guide, "Obtain the thumbprint for an OpenID Connect identity provider"; IAM API Reference, UpdateOpenIDConnectProviderThumbprint',
    probes: [
      check('its own, or that of the authority that signed it', async (context) => {
        for (const tls of ['own', 'authority'] as const)
          await withIssuer(context, { tls }, async (issuer) => {
            await acceptsToken(issuer, {}, { provider: issuer.url });
            // An update puts others in the place of all.
            const update = { OpenIDConnectProviderArn: issuer.providerArn, ThumbprintList: ['1'.repeat(40)] };
            const iam = new IAMClient(await context.aws('iam'));
            await iam.send(new UpdateOpenIDConnectProviderThumbprintCommand(update));
            await refusesToken(issuer, await issuer.sign(), 'InvalidIdentityToken', tls);
          });
        await withIssuer(context, { tls: 'neither' }, async (issuer) => {
          const { message } = await refusesToken(
            issuer,
            await issuer.sign(),
            'InvalidIdentityToken',
            'another thumbprint',
          );
          expect(message).to.contain('thumbprint');
        });
      }),
    ],
  });

  scenario('IR-32', 'session tags and a source identity in a token count as those that AssumeRole is given', {
    ...app,
    roles: { app: irsaRole('app/app', allow('s3:GetObject', 'data/${aws:PrincipalTag/team}')) },
    objects: ['data/red', 'data/blue'],
    source: `${TAGS}; IAM User Guide, "Monitor and control actions taken with assumed roles"; ${OIDC_KEYS}: amr and oaud`,
    probes: [
      check('and keep to the same rules', (context) =>
        withIssuer(context, {}, async (issuer) => {
          const tagged = (principal_tags: object, transitive_tag_keys?: unknown) => ({
            'https://aws.amazon.com/tags': {
              principal_tags,
              ...(transitive_tag_keys !== undefined && { transitive_tag_keys }),
            },
          });
          const red = tagged({ team: ['red'] });
          await acceptsToken(issuer, {}, { packedPolicySize: undefined, sourceIdentity: undefined });
          expect((await issuer.assume(await issuer.sign(red))).packedPolicySize).to.be.within(1, 50);
          // Flattened, for issuers that cannot nest claims.
          const flat = (keys: readonly string[]) => ({
            'https://aws.amazon.com/tags/principal_tags/team': ['red'],
            ...(keys.length > 0 && { 'https://aws.amazon.com/tags/transitive_tag_keys': keys }),
          });
          for (const claims of [red, flat([])]) {
            const token = await issuer.sign(claims);
            expect(await issuer.read(token, 'red')).to.equal('read');
            expect(await issuer.read(token, 'blue')).to.equal('AccessDenied');
          }
          const source = { 'https://aws.amazon.com/source_identity': 'ann' };
          await acceptsToken(issuer, source, { sourceIdentity: 'ann' });

          await issuer.trust({}, ['sts:AssumeRoleWithWebIdentity']);
          await acceptsToken(issuer, {}, {});
          for (const claims of [red, source])
            await refusesToken(issuer, await issuer.sign(claims), 'AccessDenied', claims);

          /** Condition of the trust policy; claims that it takes; claims that it does not. */
          const rows: readonly (readonly [
            Readonly<Record<string, Record<string, string>>>,
            object,
            readonly object[],
          ])[] = [
            [
              { StringEquals: { 'aws:RequestTag/team': 'red' } },
              red,
              [{}, tagged({ team: ['blue'] }), tagged({ step: ['red'] })],
            ],
            [{ StringEquals: { 'aws:RequestTag/team': 'red' } }, tagged({ team: 'red' }), [tagged({ team: 'blue' })]],
            [{ StringEquals: { 'aws:RequestTag/team': '' } }, tagged({ team: [''] }), [red]],
            [{ 'ForAnyValue:StringEquals': { 'aws:TagKeys': 'team' } }, red, [{}, tagged({ step: ['red'] })]],
            [
              { 'ForAnyValue:StringEquals': { 'sts:TransitiveTagKeys': 'team' } },
              tagged({ team: ['red'] }, ['team']),
              [red, tagged({ team: ['red'], step: ['one'] }, ['step'])],
            ],
            [{ 'ForAnyValue:StringEquals': { 'sts:TransitiveTagKeys': 'team' } }, flat(['team']), [flat([])]],
            [
              { 'ForAnyValue:StringEquals': { 'sts:TransitiveTagKeys': 'Team' } },
              tagged({ Team: ['red'] }, ['Team']),
              [tagged({ Team: ['red'] })],
            ],
            [
              { StringEquals: { 'sts:SourceIdentity': 'ann' } },
              source,
              [{}, { 'https://aws.amazon.com/source_identity': 'bob' }],
            ],
            [{ StringEquals: { [`${issuer.host}:sub`]: 'ann' } }, { sub: 'ann' }, [{}]],
            [{ StringEquals: { [`${issuer.host}:aud`]: OTHER_CLIENT } }, { aud: OTHER_CLIENT }, [{}]],
            [
              { StringEquals: { [`${issuer.host}:aud`]: OTHER_CLIENT } },
              { aud: [CLIENT, 'elsewhere'], azp: OTHER_CLIENT },
              [{ aud: [CLIENT, OTHER_CLIENT], azp: CLIENT }],
            ],
            [
              { 'ForAnyValue:StringEquals': { [`${issuer.host}:amr`]: 'mfa' } },
              { amr: ['pwd', 'mfa'] },
              [{}, { amr: ['pwd'] }],
            ],
            [
              { 'ForAnyValue:StringEquals': { [`${issuer.host}:oaud`]: 'elsewhere' } },
              { aud: [CLIENT, 'elsewhere'], azp: OTHER_CLIENT },
              [{}, { aud: [CLIENT, 'elsewhere'] }],
            ],
          ];
          for (const [condition, takes, refused] of rows) {
            await issuer.trust(condition);
            await acceptsToken(issuer, takes, {});
            for (const claims of refused)
              await refusesToken(issuer, await issuer.sign({ ...claims }), 'AccessDenied', { condition, claims });
          }

          await issuer.trust();
          await acceptsToken(issuer, tagged({ ['k'.repeat(128)]: ['v'] }), {});
          await acceptsToken(issuer, tagged({ key: ['v'.repeat(256)] }), {});
          await acceptsToken(issuer, tagged(manyTags(50)), {});
          const broken = [
            ...[tagged({ ['k'.repeat(129)]: ['v'] }), tagged({ key: ['v'.repeat(257)] }), tagged({ '': ['v'] })],
            ...[tagged({ 'a*': ['v'] }), tagged({ key: ['v*'] }), tagged({ 'aws:key': ['v'] })],
            ...[tagged({ team: ['red'], TEAM: ['blue'] }), tagged({ team: ['red'] }, ['step']), tagged(manyTags(51))],
          ];
          for (const claims of broken)
            expect(await issuer.assume(await issuer.sign(claims)), JSON.stringify(claims)).to.include({ status: 400 });
        }),
      ),
    ],
  });
});

const manyTags = (count: number): Record<string, string[]> =>
  Object.fromEntries(Array.from({ length: count }, (_, at) => [`k${at}`, ['']]));
