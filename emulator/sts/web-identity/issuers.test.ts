/** Tests how the emulator's STS checks an OIDC issuer: its keys, certificate, token claims and provider. */
import {
  AddClientIDToOpenIDConnectProviderCommand,
  CreateOpenIDConnectProviderCommand,
  CreateRoleCommand,
  DeleteOpenIDConnectProviderCommand,
  GetOpenIDConnectProviderCommand,
  IAMClient,
  ListOpenIDConnectProvidersCommand,
  PutRolePolicyCommand,
  RemoveClientIDFromOpenIDConnectProviderCommand,
  UpdateOpenIDConnectProviderThumbprintCommand,
} from '@aws-sdk/client-iam';
import { CreateBucketCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { expect } from 'chai';
import { startEmulator, type Emulator } from '../../start.ts';
import { allow, trust } from '../../../test/support/emulator/iam.ts';
import { acceptsToken, refusesToken } from '../../../test/support/emulator/issuer-tokens.ts';
import { CLIENT, OTHER_CLIENT, withIssuer, type IssuerTarget } from '../../../test/support/emulator/oidc-issuer.ts';

describe('OIDC issuers on this machine', () => {
  let emulator: Emulator;
  let target: IssuerTarget;
  before(async () => {
    emulator = await startEmulator();
    const { region, endpoint } = emulator;
    const { accessKeyId, secretAccessKey } = emulator.administrator;
    const settings = { region, endpoint, credentials: { accessKeyId, secretAccessKey }, maxAttempts: 1 };
    const iam = new IAMClient(settings);
    const AssumeRolePolicyDocument = trust({ Service: 'ec2.amazonaws.com' });
    const { Role } = await iam.send(new CreateRoleCommand({ RoleName: 'app', AssumeRolePolicyDocument }));
    const PolicyDocument = allow('s3:GetObject', 'arn:aws:s3:::data/${aws:PrincipalTag/team}');
    await iam.send(new PutRolePolicyCommand({ RoleName: 'app', PolicyName: 'read', PolicyDocument }));
    const s3 = new S3Client({ ...settings, forcePathStyle: true });
    await s3.send(new CreateBucketCommand({ Bucket: 'data' }));
    for (const Key of ['red', 'blue']) await s3.send(new PutObjectCommand({ Bucket: 'data', Key, Body: Key }));
    target = { settings, roleArn: Role?.Arn ?? '', bucket: 'data' };
  });
  after(() => emulator.close());

  // AWS STS API Reference, AssumeRoleWithWebIdentity; IAM User Guide, "Create an OpenID Connect (OIDC) identity
  // provider".
  describe('claims of a token', () => {
    it('are rejected if one is missing, wrong, expired or not yet valid', () =>
      withIssuer(target, {}, async (issuer) => {
        const now = Math.floor(Date.now() / 1000);
        await acceptsToken(issuer, {}, { subject: 'somebody', audience: CLIENT, provider: issuer.url });
        await acceptsToken(issuer, { nbf: undefined }, {});
        await acceptsToken(issuer, { aud: ['elsewhere', CLIENT] }, { audience: CLIENT });
        // With several audiences, `azp` names the one that the token was issued to.
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
        for (const claims of bad) await refusesToken(issuer, await issuer.sign(claims), 'InvalidIdentityToken', claims);
        for (const exp of [now - 300, now])
          await refusesToken(issuer, await issuer.sign({ exp }), 'ExpiredToken', { exp });
      }));
    it("must have the final slash of the issuer's URL, if it has one", () =>
      withIssuer(target, { slash: true }, async (issuer) => {
        await acceptsToken(issuer, {}, { provider: issuer.url });
        const token = await issuer.sign({ iss: issuer.url.slice(0, -1) });
        const { message } = await refusesToken(issuer, token, 'InvalidIdentityToken', 'no slash');
        expect(message).to.contain('No OpenIDConnect provider found');
      }));
  });

  // IAM User Guide, "Create an OpenID Connect (OIDC) identity provider in IAM": the supported algorithms.
  describe('signature of a token', () => {
    it("must verify with one of the issuer's published keys and a supported algorithm", () =>
      withIssuer(target, {}, async (issuer) => {
        for (const alg of ['RS256', 'RS384', 'RS512', 'ES256', 'ES384', 'ES512'])
          expect(await issuer.assume(await issuer.sign({}, { alg })), alg).not.to.have.property('code');
        for (const alg of ['PS256', 'EdDSA'])
          await refusesToken(issuer, await issuer.sign({}, { alg }), 'InvalidIdentityToken', alg);
        const unknown = await issuer.sign({}, { kid: 'another' });
        await refusesToken(issuer, unknown, 'InvalidIdentityToken', 'a missing key');
        const shared = await issuer.sign({}, { alg: 'HS256', kid: 'RS256' });
        await refusesToken(issuer, shared, 'InvalidIdentityToken', 'a shared secret');
        const [header, , signature] = (await issuer.sign()).split('.');
        const [, claims] = (await issuer.sign({ sub: 'somebody-else' })).split('.');
        await refusesToken(issuer, [header, claims, signature].join('.'), 'InvalidIdentityToken', 'other claims');
      }));
  });

  // OpenID Connect Discovery 1.0, sections 3 and 4.3.
  describe('keys of an issuer', () => {
    it('are rejected if they are not published correctly', () =>
      withIssuer(target, {}, async (issuer) => {
        const discovery = '/.well-known/openid-configuration';
        const token = await issuer.sign();
        const discovered = (body: unknown, status = 200) => ({ [discovery]: { body, status } });
        const keys = (body: unknown, status = 200) => ({ '/keys': { body, status } });
        await acceptsToken(issuer, {}, {});
        const wrong = {
          'no answer': { [discovery]: { body: '', ends: true } as const },
          ...{
            'a missing document': discovered('Not Found', 404),
            'a failure': discovered({}, 500),
            'invalid JSON': discovered('<html>'),
          },
          ...{
            'a document that is not an object': discovered('null'),
            'no jwks_uri': discovered({ issuer: issuer.url }),
          },
          'another issuer': discovered({ issuer: `${issuer.url}/elsewhere`, jwks_uri: `${issuer.url}/keys` }),
          'keys on another host': discovered({ issuer: issuer.url, jwks_uri: 'https://issuer.example.com/keys' }),
          'a good document with another status': discovered(
            { issuer: issuer.url, jwks_uri: `${issuer.url}/keys` },
            203,
          ),
          ...{ 'missing keys': keys('Not Found', 404), 'an invalid list of keys': keys({ keys: 'none' }) },
          ...{
            'an empty list of keys': keys({ keys: [] }),
            'a document that is too long': keys(`{"keys":[],"more":"${'x'.repeat(300_000)}"}`),
          },
        };
        for (const [what, pages] of Object.entries(wrong)) {
          issuer.answer(pages);
          const { message } = await refusesToken(issuer, token, 'InvalidIdentityToken', what);
          expect(message, what).to.contain("Couldn't retrieve verification key");
        }
        // STS fetches the keys again after a failure.
        issuer.answer(undefined);
        expect(await issuer.assume(token)).not.to.have.property('code');
      }));
  });

  // IAM User Guide, "Obtain the thumbprint for an OpenID Connect identity provider".
  describe('certificate of an issuer', () => {
    it("is trusted if the provider lists a thumbprint of the certificate's chain", async () => {
      for (const tls of ['own', 'authority'] as const)
        await withIssuer(target, { tls }, async (issuer) => {
          await acceptsToken(issuer, {}, { provider: issuer.url });
          // An update replaces all thumbprints.
          const update = { OpenIDConnectProviderArn: issuer.providerArn, ThumbprintList: ['1'.repeat(40)] };
          const iam = new IAMClient(target.settings);
          await iam.send(new UpdateOpenIDConnectProviderThumbprintCommand(update));
          await refusesToken(issuer, await issuer.sign(), 'InvalidIdentityToken', tls);
        });
      await withIssuer(target, { tls: 'neither' }, async (issuer) => {
        const { message } = await refusesToken(
          issuer,
          await issuer.sign(),
          'InvalidIdentityToken',
          'another thumbprint',
        );
        expect(message).to.contain('thumbprint');
      });
    });
  });

  // IAM User Guide, "Pass session tags in AWS STS": AssumeRoleWithWebIdentity; "Available keys for AWS OIDC federation": amr and oaud.
  describe('session tags and source identity in a token', () => {
    it('follow the rules of AssumeRole', () =>
      withIssuer(target, {}, async (issuer) => {
        const tagged = (principal_tags: object, transitive_tag_keys?: unknown) => ({
          'https://aws.amazon.com/tags': {
            principal_tags,
            ...(transitive_tag_keys !== undefined && { transitive_tag_keys }),
          },
        });
        const red = tagged({ team: ['red'] });
        await acceptsToken(issuer, {}, { packedPolicySize: undefined, sourceIdentity: undefined });
        expect((await issuer.assume(await issuer.sign(red))).packedPolicySize).to.be.within(1, 50);
        // The flat form, for issuers that cannot nest claims.
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

        /** The trust policy's condition, accepted claims, and denied claims. */
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
      }));
  });

  // IAM API Reference, AddClientIDToOpenIDConnectProvider and RemoveClientIDFromOpenIDConnectProvider: idempotent.
  describe('audience of a provider', () => {
    it('is valid from its addition until its removal, and both are idempotent', () =>
      withIssuer(target, {}, async (issuer) => {
        const iam = new IAMClient(target.settings);
        const client = { OpenIDConnectProviderArn: issuer.providerArn, ClientID: 'conformance-late-client' };
        const token = await issuer.sign({ aud: client.ClientID });
        await refusesToken(issuer, token, 'InvalidIdentityToken', 'not yet added');
        const again = new CreateOpenIDConnectProviderCommand({ Url: issuer.url, ClientIDList: [client.ClientID] });
        const error = await iam.send(again).catch((thrown: Error) => thrown);
        expect(error)
          .to.have.property('name')
          .that.matches(/^EntityAlreadyExists/);
        await refusesToken(issuer, token, 'InvalidIdentityToken', 'an existing provider');
        for (const what of ['added', 'added again']) {
          await iam.send(new AddClientIDToOpenIDConnectProviderCommand(client));
          expect(await issuer.assume(token), what).to.include({ audience: client.ClientID });
        }
        for (const what of ['removed', 'removed again']) {
          await iam.send(new RemoveClientIDFromOpenIDConnectProviderCommand(client));
          await refusesToken(issuer, token, 'InvalidIdentityToken', what);
        }
        await acceptsToken(issuer, {}, { audience: CLIENT });
        const provider = await iam.send(new GetOpenIDConnectProviderCommand(client));
        expect(provider.Url).to.equal(issuer.host);
        expect(provider.ClientIDList).to.have.members([CLIENT, OTHER_CLIENT]);
        const listed = async () => {
          const { OpenIDConnectProviderList = [] } = await iam.send(new ListOpenIDConnectProvidersCommand({}));
          return OpenIDConnectProviderList.map(({ Arn }) => Arn);
        };
        expect(await listed()).to.include(issuer.providerArn);
        await iam.send(new DeleteOpenIDConnectProviderCommand(client));
        expect(await listed()).not.to.include(issuer.providerArn);
        const { message } = await refusesToken(issuer, await issuer.sign(), 'InvalidIdentityToken', 'no provider');
        expect(message).to.contain('No OpenIDConnect provider found');
      }));
  });
});

const manyTags = (count: number): Record<string, string[]> =>
  Object.fromEntries(Array.from({ length: count }, (_, at) => [`k${at}`, ['']]));
