import { expect } from 'chai';
import { createLocalJWKSet, decodeProtectedHeader, jwtVerify, type JSONWebKeySet } from 'jose';
import {
  ISSUER,
  pod,
  startTestCluster,
  type ApiServerResponse,
  type TestCluster,
} from '../../../../test/support/api-server.ts';
import { until } from '../../../../test/support/until.ts';

const SA = '/api/v1/namespaces/default/serviceaccounts/default/token';
const REVIEWS = '/apis/authentication.k8s.io/v1/tokenreviews';

function tokenOf(answer: ApiServerResponse): string {
  return (answer.body['status'] as { token: string }).token;
}

describe('service account tokens', () => {
  let cluster: TestCluster;
  before(async () => {
    cluster = await startTestCluster();
  });
  after(() => cluster.close());

  const request = (spec: object, path = SA) => cluster.call('POST', path, { body: { spec } });
  const review = async (token: string, audiences?: string[]) =>
    (await cluster.call('POST', REVIEWS, { body: { spec: { token, audiences } } })).body['status'] as Record<
      string,
      unknown
    >;
  async function newPod(name: string, spec: object = {}): Promise<{ name: string; uid: string }> {
    const { body } = await cluster.call('POST', '/api/v1/namespaces/default/pods', { body: pod(name, spec) });
    return { name, uid: body.metadata.uid! };
  }

  it('are JWTs with the claims of a bound token, which the published keys verify', async () => {
    const bound = await newPod('claims');
    const ref = { kind: 'Pod', apiVersion: 'v1', name: bound.name };
    const answer = await request({
      audiences: ['vault'],
      expirationSeconds: 600,
      boundObjectRef: ref,
    });
    const token = tokenOf(answer);
    const keys = (await cluster.call('GET', '/openid/v1/jwks')).body as unknown as JSONWebKeySet;
    const { payload } = await jwtVerify(token, createLocalJWKSet(keys), {
      issuer: ISSUER,
      audience: 'vault',
    });
    expect(decodeProtectedHeader(token).kid).to.equal(keys.keys[0]?.kid);
    expect(payload.sub).to.equal('system:serviceaccount:default:default');
    expect(payload.exp! - payload.iat!).to.equal(600);
    expect(payload.nbf).to.equal(payload.iat);
    expect(payload['kubernetes.io']).to.deep.include({ namespace: 'default', pod: bound });
    expect((payload['kubernetes.io'] as { serviceaccount: object }).serviceaccount).to.have.keys('name', 'uid');
  });

  it("default to the API server's audience, and live at most for the cluster's maximum", async () => {
    const account = { namespace: 'default', name: 'default', uid: 'any' };
    const issued = await cluster.server.tokens.issue(account, { audiences: [], expirationSeconds: 48 * 3600 });
    const claims = JSON.parse(Buffer.from(issued.token.split('.')[1]!, 'base64url').toString()) as Record<
      string,
      number
    >;
    expect(claims).to.deep.include({ aud: ['https://kubernetes.default.svc'] });
    expect(claims['exp']! - claims['iat']!).to.equal(24 * 3600);
  });

  it('live 90 days as API tokens of pods, with the intended renewal time in warnafter', async () => {
    const { name } = await newPod('extended');
    const ref = { kind: 'Pod', apiVersion: 'v1', name };
    const answer = await request({ expirationSeconds: 3607, boundObjectRef: ref });
    const claims = JSON.parse(Buffer.from(tokenOf(answer).split('.')[1]!, 'base64url').toString()) as Record<
      string,
      number
    >;
    expect(claims['exp']! - claims['iat']!).to.equal(90 * 86_400);
    expect((claims['kubernetes.io'] as unknown as { warnafter: number }).warnafter - claims['iat']!).to.equal(3607);
    const { expirationTimestamp } = answer.body['status'] as { expirationTimestamp: string };
    expect(Date.parse(expirationTimestamp) / 1000 - claims['iat']!).to.equal(3607);
  });

  for (const [title, spec, status, message] of [
    ['too short a lifetime', { expirationSeconds: 60 }, 422, 'may not specify a duration less than 10 minutes'],
    [
      'too long a lifetime',
      { expirationSeconds: 2 ** 32 + 1 },
      422,
      'may not specify a duration larger than 2^32 seconds',
    ],
    ['a lifetime that is not a number', { expirationSeconds: 'x' }, 400, 'must be a whole number'],
    ['a missing pod', { boundObjectRef: { kind: 'Pod', name: 'none' } }, 404, 'pods "none" not found'],
    [
      'an unsupported kind',
      { boundObjectRef: { kind: 'ConfigMap', apiVersion: 'v1', name: 'x' } },
      400,
      'cannot bind token',
    ],
    [
      "a kind that is an inherited property's name",
      { boundObjectRef: { kind: 'constructor', name: 'x' } },
      400,
      'cannot bind token',
    ],
  ] as const) {
    it(`are denied for ${title}`, async () => {
      const answer = await request(spec);
      expect(answer.status).to.equal(status);
      expect(answer.body['message']).to.contain(message);
    });
  }

  it('are denied for a pod with another service account or UID', async () => {
    const { name } = await newPod('own');
    await cluster.call('POST', '/api/v1/namespaces/default/serviceaccounts', { body: { metadata: { name: 'other' } } });
    const other = await request({ boundObjectRef: { kind: 'Pod', name } }, SA.replace('default/token', 'other/token'));
    expect([other.status, other.body['message']]).to.deep.equal([
      400,
      'cannot bind token for serviceaccount "other" to pod running with different serviceaccount name.',
    ]);
    expect((await request({ boundObjectRef: { kind: 'Pod', name, uid: 'x' } })).status).to.equal(409);
  });

  it("name their pod's node, without a UID if it does not exist", async () => {
    const spec = { nodeName: 'nowhere' };
    await cluster.call('POST', '/api/v1/namespaces/default/pods', { body: pod('placed', spec) });
    const token = tokenOf(await request({ boundObjectRef: { kind: 'Pod', name: 'placed' } }));
    const claims = JSON.parse(Buffer.from(token.split('.')[1]!, 'base64url').toString()) as Record<string, object>;
    expect(claims['kubernetes.io']).to.deep.include({ node: { name: 'nowhere' } });
    const { authenticated, user } = (await review(token)) as { authenticated: boolean; user: { extra: object } };
    expect(authenticated).to.equal(true);
    expect(user.extra).to.deep.include({ 'authentication.kubernetes.io/node-name': ['nowhere'] });
    expect(user.extra).not.to.have.property('authentication.kubernetes.io/node-uid');
  });

  it('are limited to 24 hours with a warning', async () => {
    const answer = await request({ expirationSeconds: 90_000 });
    expect(answer.headers['warning']).to.contain('shortened to 86400 seconds');
    expect((answer.body['spec'] as { expirationSeconds: number }).expirationSeconds).to.equal(86_400);
  });

  it('authenticate requests until their pod is deleted', async () => {
    const { name } = await newPod('short-lived');
    const token = tokenOf(await request({ boundObjectRef: { kind: 'Pod', name } }));
    const whoami = () => cluster.call('POST', '/apis/authentication.k8s.io/v1/selfsubjectreviews', { token, body: {} });
    const { userInfo } = (await whoami()).body['status'] as { userInfo: { username: string; groups: string[] } };
    expect(userInfo.username).to.equal('system:serviceaccount:default:default');
    expect(userInfo.groups).to.include.members(['system:serviceaccounts:default', 'system:authenticated']);
    expect((await review(token))['authenticated']).to.equal(true);
    await cluster.call('DELETE', `/api/v1/namespaces/default/pods/${name}`);
    expect((await whoami()).status).to.equal(401);
    expect(await review(token)).to.deep.include({
      authenticated: false,
      error: '[invalid bearer token, service account token has been invalidated]',
    });
  });

  it('are valid only for their audience', async () => {
    const token = tokenOf(await request({ audiences: ['vault'] }));
    expect((await cluster.call('GET', '/version', { token })).status).to.equal(401);
    expect((await review(token))['authenticated']).to.equal(false);
    const { authenticated, audiences } = await review(token, ['vault', 'x']);
    expect([authenticated, audiences]).to.deep.equal([true, ['vault']]);
  });

  it('are rejected with a forged signature and after their expiry', async () => {
    const token = tokenOf(await request({ expirationSeconds: 600 }));
    const [header, payload, signature] = token.split('.');
    const claims = JSON.parse(Buffer.from(payload!, 'base64url').toString()) as object;
    const forged = Buffer.from(JSON.stringify({ ...claims, exp: 9e9 })).toString('base64url');
    const none = Buffer.from('{"alg":"none"}').toString('base64url');
    for (const bad of [`${header}.${forged}.${signature}`, `${none}.${payload}.`, `${header}.${payload}.`]) {
      expect((await cluster.call('GET', '/version', { token: bad })).status).to.equal(401);
    }
    expect((await cluster.call('GET', '/version', { token })).status).to.equal(200);
    cluster.advance(700_000);
    const expired = await cluster.call('GET', '/version', { token });
    expect(expired.status).to.equal(401);
    expect(expired.text).not.to.contain(payload);
  });

  it("stay valid for a minute after their pod's grace period", async () => {
    const { name } = await newPod('leaving', { nodeName: 'nowhere' });
    const token = tokenOf(await request({ boundObjectRef: { kind: 'Pod', name } }));
    await cluster.call('DELETE', `/api/v1/namespaces/default/pods/${name}?gracePeriodSeconds=100`);
    for (const [seconds, authenticated] of [
      [0, true],
      [150, true],
      [15, false],
    ] as const) {
      cluster.advance(seconds * 1000);
      expect(await review(token), `${seconds} s later`).to.include({ authenticated });
    }
  });

  it('become invalid with their namespace, even if it is recreated', async () => {
    const path = '/api/v1/namespaces/gone';
    const make = async () => {
      const made = await cluster.call('POST', '/api/v1/namespaces', { body: { metadata: { name: 'gone' } } });
      expect(made.status).to.equal(201);
    };
    await make();
    await cluster.call('POST', `${path}/serviceaccounts`, { body: { metadata: { name: 'app' } } });
    const token = tokenOf(await request({}, `${path}/serviceaccounts/app/token`));
    expect(await review(token)).to.include({ authenticated: true });
    expect((await cluster.call('DELETE', path)).status).to.equal(200);
    await until(async () => (await cluster.call('GET', path)).status === 404);
    await make();
    expect((await cluster.call('GET', `${path}/serviceaccounts/app`)).status).to.equal(404);
    expect(await review(token)).to.include({ authenticated: false });
  });

  describe('TokenRequest', () => {
    const KIND = { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenRequest' };
    const post = (body: unknown) => cluster.call('POST', SA, { body });
    const claimsOf = (answer: ApiServerResponse) =>
      JSON.parse(Buffer.from(tokenOf(answer).split('.')[1]!, 'base64url').toString()) as {
        readonly aud: readonly string[];
        readonly iat: number;
        readonly exp: number;
        readonly 'kubernetes.io': object;
      };
    const expiresAt = (answer: ApiServerResponse) =>
      Date.parse((answer.body['status'] as { expirationTimestamp: string }).expirationTimestamp) / 1000;

    for (const spec of [{}, undefined, null, { boundObjectRef: null, audiences: null }])
      it(`is answered with the defaults: ${JSON.stringify(spec)}`, async () => {
        const answer = await post({ ...KIND, ...(spec !== undefined && { spec }) });
        expect(answer.body).to.include(KIND);
        expect(answer.body.metadata).to.include({ name: 'default', namespace: 'default' });
        expect(answer.body.metadata.creationTimestamp).to.match(/^20\d\d-.*Z$/);
        const { aud, exp } = claimsOf(answer);
        expect(answer.body['spec']).to.deep.include({ expirationSeconds: 3600, boundObjectRef: null, audiences: aud });
        expect(expiresAt(answer)).to.equal(exp);
      });

    for (const [title, body] of [
      ['a list as its body', []],
      ['audiences that are a string', { spec: { audiences: 'one' } }],
      ['a numeric audience', { spec: { audiences: [7] } }],
      ['a fractional lifetime', { spec: { expirationSeconds: 700.5 } }],
      ['another namespace', { metadata: { namespace: 'kube-system' } }],
    ] as const)
      it(`is rejected with ${title}`, async () => expect((await post(body)).status).to.equal(400));

    it('may contain an empty audience', async () => {
      expect((await request({ audiences: [''] })).body['spec']).to.deep.include({ audiences: [''] });
    });

    for (const expirationSeconds of [0, 599, 2 ** 32 + 1])
      it(`is rejected with the name of the invalid field: ${expirationSeconds} s`, async () => {
        const { status, body } = await request({ expirationSeconds });
        expect(status).to.equal(422);
        expect(body).to.deep.nested.include({ 'details.group': 'authentication.k8s.io', 'details.kind': KIND.kind });
        expect(body).to.nested.include({ 'details.causes[0].field': 'spec.expirationSeconds' });
      });

    it("is answered with the token's real lifetime", async () => {
      const answer = await request({ expirationSeconds: 2 ** 32 });
      const { iat, exp } = claimsOf(answer);
      expect((answer.body['spec'] as { expirationSeconds: number }).expirationSeconds).to.equal(exp - iat);
      expect(expiresAt(answer)).to.equal(exp);
    });

    it('may bind the token to a node', async () => {
      cluster.addNode('there');
      const { uid } = (await cluster.call('GET', '/api/v1/nodes/there')).body.metadata;
      const ref = { apiVersion: 'v1', kind: 'Node', name: 'there' };
      const answer = await request({ boundObjectRef: { ...ref, uid } });
      expect(answer.body['spec']).to.deep.nested.include({
        'boundObjectRef.kind': 'Node',
        'boundObjectRef.name': 'there',
      });
      const bound = claimsOf(answer)['kubernetes.io'];
      expect(bound).to.deep.include({ node: { name: 'there', uid } });
      expect(bound).not.to.have.any.keys('pod', 'secret', 'warnafter');
      const { authenticated, user } = (await review(tokenOf(answer))) as { authenticated: boolean; user: object };
      expect(authenticated).to.equal(true);
      expect(user).to.deep.nested.include({
        'extra.authentication\\.kubernetes\\.io/node-name': ['there'],
        'extra.authentication\\.kubernetes\\.io/node-uid': [uid],
      });
      const conflict = await request({ boundObjectRef: { ...ref, uid: 'another' } });
      expect([conflict.status, conflict.body['details']]).to.deep.equal([409, { kind: 'Node', name: 'there' }]);
      const missing = await request({ boundObjectRef: { ...ref, name: 'none' } });
      expect([missing.status, missing.body['details']]).to.deep.equal([404, { kind: 'nodes', name: 'none' }]);
    });
  });
});
