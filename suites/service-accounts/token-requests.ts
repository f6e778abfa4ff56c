/** Requests for service account tokens: who may make them, and for which audience, time and object. */
import { expect } from 'chai';
import {
  between,
  check,
  controlSucceeds,
  createToken,
  fails,
  isAbsent,
  matching,
  reviewAccess,
  succeeds,
  suite,
} from '../../harness/index.ts';
import { FORBIDDEN } from '../lib/outcomes.ts';
import { RBAC, TOKEN_REQUEST } from '../lib/sources.ts';
import { POD_IDENTITY } from '../lib/worlds.ts';
import { accounts, claimsOf, UID, type Named, type Request, type Review } from './lib/token-requests.ts';

const NOT_ALLOWED = { by: 'kubernetes', code: 'NotAllowed' } as const;
const APP = '<namespace:app>';
const BAD_REQUEST = { by: 'kubernetes', code: 'BadRequest', status: 400 } as const;
const STS = 'sts.amazonaws.com';
/** An audience of most API servers. */
const API = 'https://kubernetes.default.svc';
/** A Kubernetes user may make tokens of the namespace's service accounts; another may only look at pods. */
const TOKEN_MAKER = { namespace: 'app', rules: [{ resources: ['serviceaccounts/token'], verbs: ['create'] }] };
const ONLOOKER = { namespace: 'app', rules: [{ resources: ['pods'], verbs: ['get', 'list'] }] };

suite('service-accounts', ({ scenario }) => {
  scenario('RB-14', 'a rule on service accounts makes no tokens of them, and one on tokens touches no account', {
    source: `${RBAC}, "Referring to resources": subresources`,
    workloads: { app: {} },
    users: {
      keeper: { namespace: 'app', rules: [{ resources: ['serviceaccounts'], verbs: ['*'] }] },
      maker: { namespace: 'app', rules: [{ resources: ['serviceaccounts/token'], verbs: ['create'] }] },
      // A subresource of any resource can be named, any subresource of one cannot.
      suffix: { namespace: 'app', rules: [{ resources: ['*/token'], verbs: ['create'] }] },
      prefix: { namespace: 'app', rules: [{ resources: ['serviceaccounts/*'], verbs: ['create'] }] },
      all: { namespace: 'app', rules: [{ resources: ['*'], verbs: ['create'] }] },
    },
    probes: [
      controlSucceeds(reviewAccess('keeper', { verb: 'create', resource: 'serviceaccounts', namespace: APP })),
      fails(createToken('app/app', { as: 'keeper' }), {
        ...FORBIDDEN,
        message: 'cannot create resource "serviceaccounts/token"',
      }),
      controlSucceeds(createToken('app/app', { as: 'maker' })),
      fails(reviewAccess('maker', { verb: 'create', resource: 'serviceaccounts', namespace: APP }), NOT_ALLOWED),
      succeeds(createToken('app/app', { as: 'suffix' })),
      fails(createToken('app/app', { as: 'prefix' }), FORBIDDEN),
      succeeds(createToken('app/app', { as: 'all' })),
    ],
  });

  scenario('RB-29', 'a token is made for the audiences, the time and the object that are asked for', {
    source: `${TOKEN_REQUEST}, audiences, expirationSeconds and boundObjectRef; "kube-apiserver", --service-account-extend-token-expiration; API conventions, StatusDetails`,
    workloads: { app: {}, other: { serviceAccount: 'other' } },
    tokens: { any: { serviceAccount: 'app/app' } },
    probes: [
      succeeds(createToken('app/app', { audience: [] }), {
        ...{ subject: `${accounts}:app`, audience: matching(/^https:\/\/[^,]+$/), lifetimeSeconds: 3600 },
        ...{ algorithm: 'RS256', issuer: 'https://<issuer:c1>', validAtOnce: true, id: matching(UID) },
        ...{ namespace: APP, serviceAccount: 'app', serviceAccountUid: matching(UID) },
        ...{ pod: isAbsent, node: isAbsent, secret: isAbsent },
      }),
      succeeds(createToken('app/app', { audience: [STS, 'vault.example.com'], expirationSeconds: 601 }), {
        ...{ audience: `${STS},vault.example.com`, lifetimeSeconds: 601 },
      }),
      succeeds(createToken('app/app', { expirationSeconds: 600 }), { audience: STS, lifetimeSeconds: 600 }),
      // A pod's token for the API asks for that time, and is given more; others are not.
      succeeds(createToken('app/app', { expirationSeconds: 3607 }), { lifetimeSeconds: 3607 }),
      succeeds(createToken('app/app', { audience: [], expirationSeconds: 3607 }), { lifetimeSeconds: 3607 }),
      succeeds(createToken('app/app', { boundTo: 'app', expirationSeconds: 3607 }), { lifetimeSeconds: 3607 }),
      succeeds(createToken('app/app', { audience: [], boundTo: 'app', expirationSeconds: 3607 }), {
        lifetimeSeconds: between(86_400, 366 * 86_400),
      }),
      succeeds(createToken('app/app', { audience: [API, STS], boundTo: 'app', expirationSeconds: 3607 }), {
        ...{ audience: `${API},${STS}`, lifetimeSeconds: 3607 },
      }),
      fails(createToken('app/app', { expirationSeconds: 599 }), { by: 'kubernetes', code: 'Invalid', status: 422 }),
      succeeds(createToken('app/app', { boundTo: 'app' }), {
        ...{ pod: '<pod:app>', podUid: '<pod-uid:app>', node: matching(/./), secret: isAbsent },
      }),
      // The API version may be left out.
      ...[{ uid: '<pod-uid:app>' }, { apiVersion: '' }].map((boundObject) =>
        succeeds(createToken('app/app', { boundTo: 'app', boundObject }), { podUid: '<pod-uid:app>' }),
      ),
      succeeds(createToken('app/app', { boundObject: { kind: 'Secret', name: 'conformance-tokens' } }), {
        ...{ secret: 'conformance-tokens', pod: isAbsent, node: isAbsent },
      }),
      fails(createToken('app/app', { boundObject: { kind: 'Secret', name: 'none' } }), {
        ...{ by: 'kubernetes', code: 'NotFound', status: 404 },
      }),
      fails(createToken('app/app', { boundTo: 'app', boundObject: { apiVersion: 'apps/v1' } }), BAD_REQUEST),
      fails(createToken('app/app', { boundTo: 'app', boundObject: { kind: 'Deployment' } }), BAD_REQUEST),
      fails(createToken('app/other', { boundTo: 'app' }), BAD_REQUEST),
      check('a request that is none is refused, and a node can be named', async ({ kubernetes, name }) => {
        const path = name(`/api/v1/namespaces/${APP}/serviceaccounts/app/token`);
        const post = async (body: unknown): Promise<Answer> => {
          const answer = await kubernetes({ method: 'POST', path, body });
          return { status: answer.status, request: JSON.parse(answer.body) as Request };
        };
        const kind = { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenRequest' };
        const ask = (spec?: object | null): Promise<Answer> => post({ ...kind, ...(spec !== undefined && { spec }) });
        const asked = Date.now();
        for (const spec of [{}, undefined, null, { boundObjectRef: null, audiences: null }]) {
          const { request } = await ask(spec);
          expect(request).to.include(kind);
          expect(request.metadata).to.include({ name: 'app', namespace: name(APP) });
          expect(request.spec).to.include({ expirationSeconds: 3600, boundObjectRef: null });
          expect(request.spec.audiences).not.to.deep.equal([]);
          expect(request.spec.audiences).to.deep.equal(claimsOf(request).aud);
          expect(Date.parse(request.status.expirationTimestamp)).to.be.within(asked + 3_500_000, asked + DAY);
          expect(Date.parse(request.status.expirationTimestamp)).to.equal(claimsOf(request).exp * 1000);
        }
        expect(await post([])).to.include({ status: 400 });
        expect((await ask({ audiences: [''] })).request.spec.audiences).to.deep.equal(['']);
        for (const spec of [
          { audiences: 'one' },
          { audiences: [7] },
          { expirationSeconds: 'soon' },
          { expirationSeconds: 700.5 },
        ])
          expect(await ask(spec), JSON.stringify(spec)).to.include({ status: 400 });
        for (const expirationSeconds of [0, 599, 2 ** 32 + 1]) {
          const refused = await ask({ expirationSeconds });
          expect(refused, String(expirationSeconds)).to.include({ status: 422 });
          expect(refused.request.details).to.include({ group: 'authentication.k8s.io', kind: 'TokenRequest' });
          expect(refused.request.details?.causes?.[0]).to.include({ field: 'spec.expirationSeconds' });
        }
        // A cluster may give less than that, and says so.
        const longest = (await ask({ expirationSeconds: 2 ** 32 })).request;
        const { expirationSeconds: given } = longest.spec;
        expect(given).to.be.within(3600, 2 ** 32);
        expect(claimsOf(longest).exp - claimsOf(longest).iat).to.equal(given);
        expect(Date.parse(longest.status.expirationTimestamp)).to.equal(claimsOf(longest).exp * 1000);
        const { body } = await kubernetes({ path: '/api/v1/nodes?labelSelector=kubernetes.io/os' });
        const [node] = (JSON.parse(body) as { readonly items: readonly { readonly metadata: Named }[] }).items;
        const ofNode = (more: object) => ({
          boundObjectRef: { apiVersion: 'v1', kind: 'Node', name: node?.metadata.name, ...more },
        });
        const { status, request } = await ask(ofNode({ uid: node?.metadata.uid }));
        expect(status, 'a token that is bound to a node').to.equal(201);
        expect(request.spec.boundObjectRef).to.include({ kind: 'Node', name: node?.metadata.name });
        const bound = claimsOf(request)['kubernetes.io'];
        expect(bound).to.deep.include({ node: { name: node?.metadata.name, uid: node?.metadata.uid } });
        expect(bound).not.to.have.any.keys('pod', 'secret', 'warnafter');
        const review = await kubernetes({
          ...{ method: 'POST', path: '/apis/authentication.k8s.io/v1/tokenreviews' },
          body: { ...kind, kind: 'TokenReview', spec: { token: request.status.token } },
        });
        expect((JSON.parse(review.body) as Review).status).to.deep.include({ authenticated: true });
        expect((JSON.parse(review.body) as Review).status.user.extra).to.deep.include({
          'authentication.kubernetes.io/node-name': [node?.metadata.name],
          'authentication.kubernetes.io/node-uid': [node?.metadata.uid],
        });
        // Of the audiences that are asked for, a review tells those that are the token's.
        const both = (await ask({ audiences: [STS, 'vault.example.com'] })).request.status;
        const shared = await kubernetes({
          ...{ method: 'POST', path: '/apis/authentication.k8s.io/v1/tokenreviews' },
          body: {
            ...kind,
            kind: 'TokenReview',
            spec: { token: both.token, audiences: ['elsewhere.example.com', 'vault.example.com'] },
          },
        });
        expect((JSON.parse(shared.body) as Review).status).to.deep.include({
          ...{ authenticated: true, audiences: ['vault.example.com'] },
        });
        // What a pod's token for the API says of when it was to be renewed.
        const ofPod = { boundObjectRef: { apiVersion: 'v1', kind: 'Pod', name: name('<pod:app>') } };
        const extended = (await ask({ ...ofPod, expirationSeconds: 3607 })).request;
        const { iat, exp, jti, 'kubernetes.io': own } = claimsOf(extended);
        // Each has an id of its own.
        expect(claimsOf((await ask({ ...ofPod, expirationSeconds: 3607 })).request).jti).not.to.equal(jti);
        expect(own).to.include({ warnafter: iat + 3607 });
        expect(exp).to.be.above(iat + 3607);
        expect(Date.parse(extended.status.expirationTimestamp)).to.equal((iat + 3607) * 1000);
        const conflict = await ask(ofNode({ uid: 'another' }));
        expect(conflict).to.include({ status: 409 });
        expect(conflict.request.details).to.deep.equal({ kind: 'Node', name: node?.metadata.name });
        const missing = await ask(ofNode({ name: 'none' }));
        expect(missing).to.include({ status: 404 });
        expect(missing.request.details).to.deep.equal({ kind: 'nodes', name: 'none' });
      }),
    ],
  });

  scenario('RB-24', 'a token is bound to what there is, and to nothing else', {
    source: `${TOKEN_REQUEST}, boundObjectRef`,
    workloads: { app: {} },
    probes: [
      controlSucceeds(createToken('app/app', { boundTo: 'app' })),
      fails(createToken('app/app', { boundTo: 'app', boundObject: { uid: '00000000-0000-0000-0000-000000000000' } }), {
        by: 'kubernetes',
        code: 'Conflict',
        status: 409,
      }),
      fails(createToken('app/app', { boundObject: { kind: 'Pod', name: 'nobody' } }), {
        by: 'kubernetes',
        code: 'NotFound',
        status: 404,
      }),
      fails(createToken('app/app', { boundObject: { kind: 'ConfigMap', name: 'kube-root-ca.crt' } }), {
        by: 'kubernetes',
        code: 'BadRequest',
        status: 400,
      }),
      fails(createToken('app/nobody', {}), { by: 'kubernetes', code: 'NotFound', status: 404 }),
    ],
  });

  scenario('RB-01', 'tokens of a service account are made only by those who may', {
    profile: 'core',
    source: 'Kubernetes documentation, "Using RBAC Authorization", subresources; TokenRequest API',
    workloads: { app: {} },
    users: { maker: TOKEN_MAKER, onlooker: ONLOOKER },
    probes: [
      controlSucceeds(createToken('app/app', { as: 'maker' })),
      fails(createToken('app/app', { as: 'onlooker' }), {
        by: 'kubernetes',
        code: 'Forbidden',
        status: 403,
        message: 'cannot create resource "serviceaccounts/token"',
      }),
    ],
  });

  scenario('RB-04', 'a token cannot be bound to a pod of another service account', {
    source: 'Kubernetes source, pkg/registry/core/serviceaccount/storage/token.go',
    workloads: { app: {}, other: { serviceAccount: 'other' } },
    probes: [
      controlSucceeds(createToken('app/app', { audience: POD_IDENTITY, boundTo: 'app' })),
      fails(createToken('app/other', { audience: POD_IDENTITY, boundTo: 'app' }), {
        by: 'kubernetes',
        code: 'BadRequest',
        status: 400,
        message: 'cannot bind token',
      }),
    ],
  });

  scenario('RB-06', 'no token lives less than ten minutes', {
    source: 'Kubernetes documentation, TokenRequest API, expirationSeconds',
    workloads: { app: {} },
    probes: [
      controlSucceeds(createToken('app/app', { expirationSeconds: 600 })),
      fails(createToken('app/app', { expirationSeconds: 60 }), {
        by: 'kubernetes',
        code: 'Invalid',
        status: 422,
        message: 'spec.expirationSeconds',
      }),
    ],
  });
});

interface Answer {
  readonly status: number;
  readonly request: Request;
}

const DAY = 24 * 3_600_000;
