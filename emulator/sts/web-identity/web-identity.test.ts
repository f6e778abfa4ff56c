import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect } from 'chai';
import { exportJWK, generateKeyPair, SignJWT } from 'jose';
import type { Cluster, ManagedCluster } from '../../world/eks-model.ts';
import type { WorldOptions } from '../../world/new-world.ts';
import { delays, testTime } from '../../../test/support/emulator/time.ts';
import { allow, HERE, root, sessionOf, trust } from '../../../test/support/emulator/iam.ts';
import type { Parameters as QueryParameters } from '../../../test/support/emulator/query.ts';
import { stsWorld } from '../../../test/support/emulator/sts.ts';

const PROVIDER = 'oidc.eks.us-west-2.amazonaws.com/id/0123456789ABCDEF0123456789ABCDEF';
const ISSUER = `https://${PROVIDER}`;
const SUBJECT = 'system:serviceaccount:red:app';
const PROVIDER_ARN = `arn:aws:iam::${HERE}:oidc-provider/${PROVIDER}`;
const keys = await generateKeyPair('RS256');
const foreign = await generateKeyPair('RS256');
const publicJwk = { ...(await exportJWK(keys.publicKey)), kid: 'one', alg: 'RS256', use: 'sig' };

interface Claims {
  [claim: string]: unknown;
}

async function tokenOf(claims: Claims = {}, { key = keys.privateKey, alg = 'RS256', kid = 'one' } = {}) {
  const now = Math.floor(Date.now() / 1000);
  const all = { iss: ISSUER, sub: SUBJECT, aud: ['sts.amazonaws.com'], iat: now, nbf: now, exp: now + 3600, ...claims };
  return new SignJWT(all).setProtectedHeader({ alg, kid }).sign(key);
}

const encode = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');

function federated(
  condition?: unknown,
  actions: unknown = 'sts:AssumeRoleWithWebIdentity',
  arn = PROVIDER_ARN,
): string {
  return trust({ Federated: arn }, actions, condition);
}

const SUB_AND_AUD = { StringEquals: { [`${PROVIDER}:sub`]: SUBJECT, [`${PROVIDER}:aud`]: 'sts.amazonaws.com' } };

interface Setup {
  readonly trustPolicy?: string;
  readonly clientIds?: readonly string[];
  readonly jwks?: () => Promise<{ keys: Record<string, unknown>[] }>;
  readonly world?: Partial<WorldOptions>;
}

/** Creates a cluster with ISSUER, its provider in the account, and role `app`. */
async function irsaWorld({ trustPolicy, clientIds = ['sts.amazonaws.com'], jwks, world = {} }: Setup = {}) {
  const made = stsWorld(world);
  const managed = { jwks: jwks ?? (() => Promise.resolve({ keys: [publicJwk] })) } as unknown as ManagedCluster;
  const cluster = { name: 'blue', issuer: ISSUER, managed } as unknown as Cluster;
  made.world.account(HERE)!.clusters.set('blue', cluster);
  const list = Object.fromEntries(clientIds.map((id, index) => [`ClientIDList.member.${index + 1}`, id]));
  await made.must('CreateOpenIDConnectProvider', { Url: ISSUER, ...list });
  const RoleArn = await made.createRole('app', trustPolicy ?? federated(SUB_AND_AUD), allow('s3:GetObject'));
  const present = (WebIdentityToken: string, parameters: QueryParameters = {}) =>
    made.sts(undefined, 'AssumeRoleWithWebIdentity', {
      RoleArn,
      RoleSessionName: 'pod',
      WebIdentityToken,
      ...parameters,
    });
  return { ...made, RoleArn, present };
}

describe('AssumeRoleWithWebIdentity', () => {
  it("opens a session for a cluster's token", async () => {
    const { present, sessionIn } = await irsaWorld();
    const answer = await present(await tokenOf());
    expect(answer.get('SubjectFromWebIdentityToken')).to.equal(SUBJECT);
    expect(answer.get('Provider')).to.equal(ISSUER);
    expect(answer.get('Audience')).to.equal('sts.amazonaws.com');
    expect(answer.get('AssumedRoleUser.Arn')).to.equal(`arn:aws:sts::${HERE}:assumed-role/app/pod`);
    const session = sessionIn(answer);
    expect(session).to.deep.include({ tags: [] });
    expect(session.expiresAt - session.issuedAt).to.equal(3_600_000);
    expect(session.context).to.deep.equal({
      'aws:FederatedProvider': PROVIDER_ARN,
      [`${PROVIDER}:sub`]: SUBJECT,
      [`${PROVIDER}:aud`]: 'sts.amazonaws.com',
    });
  });

  it('applies changes of providers and their client ids after IAM propagation', async () => {
    const time = testTime();
    const { must, present } = await irsaWorld({ world: { settings: delays({ iam: 10_000 }), uptime: time } });
    const outcome = async (aud: string) => (await present(await tokenOf({ aud: [aud] }))).message ?? 'opened';
    expect(await outcome('sts.amazonaws.com')).to.match(/^No OpenIDConnect provider found/);
    time.pass(10_000);
    expect(await outcome('sts.amazonaws.com')).to.equal('opened');
    const provider = { OpenIDConnectProviderArn: PROVIDER_ARN };
    await must('AddClientIDToOpenIDConnectProvider', { ...provider, ClientID: 'other' });
    await must('RemoveClientIDFromOpenIDConnectProvider', { ...provider, ClientID: 'sts.amazonaws.com' });
    expect(await outcome('other')).to.equal('Incorrect token audience');
    await must('DeleteOpenIDConnectProvider', provider);
    time.pass(9999);
    expect(await outcome('sts.amazonaws.com')).to.equal('opened');
    time.pass(1);
    expect(await outcome('sts.amazonaws.com')).to.match(/^No OpenIDConnect provider found/);
  });

  const INCORRECT_AUDIENCE = /^Incorrect token audience$/;
  const NO_KEY = /^Couldn't retrieve verification key from your identity provider, please reference/;
  const NO_JWT = /^The ID Token provided is not a valid JWT/;
  const past = Math.floor(Date.now() / 1000) - 60;
  const refused: readonly [string, () => string | Promise<string>, string, RegExp][] = [
    ['a text that is not a JWT', () => 'not-a-jwt', 'InvalidIdentityToken', NO_JWT],
    ['segments without JSON', () => 'abcd.abcd.abcd', 'InvalidIdentityToken', NO_JWT],
    ['claims that are a list', () => `${encode({ alg: 'RS256' })}.${encode([])}.abcd`, 'InvalidIdentityToken', NO_JWT],
    ['a token without subject', () => tokenOf({ sub: undefined }), 'InvalidIdentityToken', /required claim: sub$/],
    ['a token without expiry', () => tokenOf({ exp: undefined }), 'InvalidIdentityToken', /required claim: exp$/],
    ['a token without audience', () => tokenOf({ aud: [] }), 'InvalidIdentityToken', /required claim: aud$/],
    [
      'a token of an issuer without a provider',
      () => tokenOf({ iss: `${ISSUER.slice(0, -1)}0` }),
      'InvalidIdentityToken',
      /^No OpenIDConnect provider found in your account for https:\/\/oidc\.eks/,
    ],
    ['a forged token', () => tokenOf({}, { key: foreign.privateKey }), 'InvalidIdentityToken', /signature/],
    ['an unknown key id', () => tokenOf({}, { kid: 'two' }), 'InvalidIdentityToken', NO_KEY],
    ['a tampered token', async () => tamper(await tokenOf()), 'InvalidIdentityToken', /signature/],
    ['an unsigned token', async () => unsigned(await tokenOf()), 'InvalidIdentityToken', /signature|verification key/],
    ['a token signed with the public key as secret', () => signedWithPublicKey(), 'InvalidIdentityToken', /signature/],
    [
      'an expired token',
      () => tokenOf({ exp: past }),
      'ExpiredTokenException',
      /^Token expired: current date\/time \d+ must be before/,
    ],
    ['a token not valid yet', () => tokenOf({ nbf: past + 3600 }), 'InvalidIdentityToken', /not valid yet/],
    ['a token issued in the future', () => tokenOf({ iat: past + 3600 }), 'InvalidIdentityToken', /not valid yet/],
    [
      'a Pod Identity token',
      () => tokenOf({ aud: ['pods.eks.amazonaws.com'] }),
      'InvalidIdentityToken',
      INCORRECT_AUDIENCE,
    ],
    ['another authorized party', () => tokenOf({ azp: 'other' }), 'InvalidIdentityToken', INCORRECT_AUDIENCE],
    [
      'a forged expired token, because of its signature',
      () => tokenOf({ exp: past }, { key: foreign.privateKey }),
      'InvalidIdentityToken',
      /signature/,
    ],
    [
      'an expired token with a wrong audience, because of its expiry',
      () => tokenOf({ exp: past, aud: 'x' }),
      'ExpiredTokenException',
      /./,
    ],
  ];
  for (const [name, token, code, message] of refused) {
    it(`rejects ${name}`, async () => {
      const { present, context } = await irsaWorld();
      const presented = await token();
      const answer = await present(presented);
      expect(answer).to.include({ status: 400, code });
      expect(answer.message).to.match(message);
      expect(answer.body + JSON.stringify(context.trace(answer.request))).not.to.contain(presented);
    });
  }

  const trusts: readonly [string, string, Claims, boolean][] = [
    ['the subject', federated(SUB_AND_AUD), {}, true],
    ['another subject', federated(SUB_AND_AUD), { sub: 'system:serviceaccount:blue:app' }, false],
    ['a pattern', federated({ StringLike: { [`${PROVIDER}:sub`]: 'system:serviceaccount:red:*' } }), {}, true],
    ['a literal star', federated({ StringEquals: { [`${PROVIDER}:sub`]: 'system:serviceaccount:red:*' } }), {}, false],
    ['no condition', federated(), { sub: 'anyone' }, true],
    ['another audience', federated({ StringEquals: { [`${PROVIDER}:aud`]: 'x' } }), {}, false],
    ['amr', federated({ 'ForAnyValue:StringEquals': { [`${PROVIDER}:amr`]: 'mfa' } }), { amr: ['pwd', 'mfa'] }, true],
    ['the provider', federated({ ArnEquals: { 'aws:FederatedProvider': PROVIDER_ARN } }), {}, true],
    ['another provider', federated(undefined, undefined, `${PROVIDER_ARN}0`), {}, false],
    ['sts:RoleSessionName', federated({ StringEquals: { 'sts:RoleSessionName': 'pod' } }), {}, true],
    [
      'only Pod Identity',
      trust({ Service: 'pods.eks.amazonaws.com' }, ['sts:AssumeRole', 'sts:TagSession']),
      {},
      false,
    ],
    ['another action', federated(undefined, 'sts:AssumeRole'), {}, false],
  ];
  for (const [name, trustPolicy, claims, granted] of trusts) {
    it(`${granted ? 'allows' : 'denies'} a trust policy with ${name}`, async () => {
      const { present } = await irsaWorld({ trustPolicy });
      const answer = await present(await tokenOf(claims));
      const message = 'Not authorized to perform sts:AssumeRoleWithWebIdentity';
      expect(answer).to.include(granted ? { status: 200 } : { status: 403, code: 'AccessDenied', message });
    });
  }

  it('denies a missing role like one that does not trust the provider', async () => {
    const { present } = await irsaWorld();
    const answer = await present(await tokenOf(), { RoleArn: `arn:aws:iam::${HERE}:role/gone` });
    const message = 'Not authorized to perform sts:AssumeRoleWithWebIdentity';
    expect(answer).to.include({ status: 403, code: 'AccessDenied', message });
  });

  it("looks for the provider in the role's account", async () => {
    const { present } = await irsaWorld();
    const answer = await present(await tokenOf(), { RoleArn: 'arn:aws:iam::444455556666:role/app' });
    expect(answer).to.include({ status: 400, code: 'InvalidIdentityToken' });
    expect(answer.message).to.match(/^No OpenIDConnect provider/);
  });

  const validation: readonly [string, QueryParameters, RegExp][] = [
    ['an ARN that is not a role', { RoleArn: `arn:aws:iam::${HERE}:user/foo` }, /is invalid$/],
    ['an ARN that is too short', { RoleArn: 'foo' }, /at 'roleArn'/],
    ['a token that is too long', { WebIdentityToken: 'x'.repeat(20_001) }, /^((?!xxx).)*at 'webIdentityToken'.*20000$/],
    ['a token that is too short', { WebIdentityToken: 'x' }, /at 'webIdentityToken'/],
    ['an invalid session name', { RoleSessionName: 'x y' }, /at 'roleSessionName'/],
    [
      'a session longer than the role allows',
      { DurationSeconds: 43_200 },
      /exceeds the MaxSessionDuration set for this role/,
    ],
  ];
  for (const [name, parameters, message] of validation) {
    it(`rejects ${name}`, async () => {
      const { present } = await irsaWorld();
      const answer = await present(await tokenOf(), parameters);
      expect(answer).to.include({ status: 400, code: 'ValidationError' });
      expect(answer.message).to.match(message);
    });
  }

  it("uses the emulator's clock", async () => {
    const { present, world } = await irsaWorld();
    const token = await tokenOf();
    expect((await present(token)).status).to.equal(200);
    world.clock.advance(3_601_000);
    expect(await present(token)).to.include({ status: 400, code: 'ExpiredTokenException' });
  });

  it('limits the session with a session policy', async () => {
    const { present, sessionIn } = await irsaWorld();
    const answer = await present(await tokenOf(), { Policy: allow('s3:ListBucket') });
    expect(sessionIn(answer).sessionPolicies).to.deep.equal([allow('s3:ListBucket')]);
    expect(await present(await tokenOf(), { Policy: '{}' })).to.include({ code: 'MalformedPolicyDocument' });
  });

  it('applies session tags and a source identity in the token', async () => {
    const tags = { principal_tags: { team: ['blue'], step: ['1'] }, transitive_tag_keys: ['team'] };
    const claims = { 'https://aws.amazon.com/tags': tags, 'https://aws.amazon.com/source_identity': 'ann' };
    const actions = ['sts:AssumeRoleWithWebIdentity', 'sts:TagSession', 'sts:SetSourceIdentity'];
    const { present, sessionIn } = await irsaWorld({ trustPolicy: federated(undefined, actions) });
    const answer = await present(await tokenOf(claims));
    expect(answer.get('SourceIdentity')).to.equal('ann');
    expect(sessionIn(answer).tags).to.deep.equal([
      { key: 'team', value: 'blue', transitive: true },
      { key: 'step', value: '1', transitive: false },
    ]);
    const flat = {
      'https://aws.amazon.com/tags/principal_tags/team': ['blue'],
      'https://aws.amazon.com/tags/principal_tags/step': '1',
      'https://aws.amazon.com/tags/transitive_tag_keys': ['team'],
    };
    expect(sessionIn(await present(await tokenOf(flat))).tags).to.deep.equal(sessionIn(answer).tags);
    const without = await irsaWorld();
    const message = 'Not authorized to perform sts:TagSession';
    expect(await without.present(await tokenOf(claims))).to.include({ status: 403, code: 'AccessDenied', message });
  });

  it('records the audiences of token and provider', async () => {
    const { present, context } = await irsaWorld();
    const answer = await present(await tokenOf({ aud: 'pods.eks.amazonaws.com' }));
    const note = 'token audience is pods.eks.amazonaws.com; provider lists sts.amazonaws.com';
    expect(context.trace(answer.request).notes).to.include(note);
  });

  it('opens sessions that can be chained without sts:TagSession', async () => {
    const made = await irsaWorld();
    const target = await made.createRole('target', trust({ AWS: made.RoleArn }));
    const session = made.sessionIn(await made.present(await tokenOf()));
    const chained = await made.assume(session, target);
    expect(made.sessionIn(chained).context).to.deep.equal({});
    expect(sessionOf(made, 'target').roleArn).to.equal(target);
  });
});

describe('issuer keys', () => {
  it('that cannot be fetched cause an InvalidIdentityToken', async () => {
    const { present } = await irsaWorld({ jwks: () => Promise.reject(new Error('down')) });
    const answer = await present(await tokenOf());
    expect(answer).to.include({ status: 400, code: 'InvalidIdentityToken' });
    expect(answer.message).to.match(/^Couldn't retrieve verification key/);
  });

  it('can fail by a disturbance of FetchIssuerKeys', async () => {
    const { present, active } = await irsaWorld();
    const error = { code: 'IDPCommunicationError', status: 400, message: 'The identity provider was unreachable' };
    active.add({ service: 'sts', operation: 'FetchIssuerKeys', times: 1, error });
    expect(await present(await tokenOf())).to.include({ status: 400, code: 'IDPCommunicationError' });
    expect((await present(await tokenOf())).status).to.equal(200);
  });

  it('are fetched from issuers on this machine', async () => {
    const server = createServer((request, response) => {
      const answer = request.url === '/keys' ? { keys: [publicJwk] } : { issuer, jwks_uri: `${issuer}/keys` };
      response.end(JSON.stringify(answer));
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    try {
      const { must, present } = await irsaWorld();
      const provider = await must('CreateOpenIDConnectProvider', { Url: issuer, 'ClientIDList.member.1': 'mine' });
      const arn = String(provider.get('OpenIDConnectProviderArn'));
      const document = federated(undefined, undefined, arn);
      await must('UpdateAssumeRolePolicy', { RoleName: 'app', PolicyDocument: document });
      expect((await present(await tokenOf({ iss: issuer, aud: 'mine' }))).status).to.equal(200);
      const forged = await tokenOf({ iss: issuer, aud: 'mine' }, { key: foreign.privateKey });
      expect(await present(forged)).to.include({ code: 'InvalidIdentityToken' });
    } finally {
      server.close();
    }
  });

  it('are not fetched from other machines', async () => {
    const { must, present, context } = await irsaWorld();
    await must('CreateOpenIDConnectProvider', { Url: 'https://issuer.example.com' }, root(HERE));
    const answer = await present(await tokenOf({ iss: 'https://issuer.example.com' }));
    expect(answer.message).to.match(/^Couldn't retrieve verification key/);
    expect(context.trace(answer.request).notes.at(-1)).to.match(/issuer\.example\.com is not on this machine$/);
  });
});

function tamper(token: string): string {
  const [header, , signature] = token.split('.');
  const now = Math.floor(Date.now() / 1000);
  return `${header}.${encode({ iss: ISSUER, sub: 'other', aud: 'sts.amazonaws.com', iat: now, exp: now + 60 })}.${signature}`;
}

function unsigned(token: string): string {
  return `${encode({ alg: 'none', kid: 'one' })}.${token.split('.')[1]}.`;
}

function signedWithPublicKey(): Promise<string> {
  const secret = Buffer.from(JSON.stringify(publicJwk));
  return tokenOf({}, { key: secret as never, alg: 'HS256' });
}
