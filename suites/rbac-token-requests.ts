/** Whom the API server takes a token's bearer for, and which tokens it makes of a request. */
import { expect } from 'chai';
import {
  advanceClock,
  between,
  check,
  createToken,
  fails,
  isAbsent,
  kubernetesGet,
  matching,
  reviewToken,
  succeeds,
  suite,
  type CheckContext,
} from '../harness/index.ts';
import { JWKS } from './lib/signing-keys.ts';
import { UNAUTHENTICATED, UNAUTHORIZED } from './lib/outcomes.ts';
import { AUTHENTICATION, BOUND_TOKENS, TOKEN_REQUEST } from './lib/sources.ts';

const BAD_REQUEST = { by: 'kubernetes', code: 'BadRequest', status: 400 } as const;
const APP = '<namespace:app>';
const UID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
const STS = 'sts.amazonaws.com';
/** An audience of most API servers. */
const API = 'https://kubernetes.default.svc';

suite('rbac', ({ scenario }) => {
  /** Who the bearer of the token is that a Secret keeps, if anybody. */
  const kept = async ({ kubernetes, name }: CheckContext): Promise<boolean> => {
    const { body } = await kubernetes({ path: name(`/api/v1/namespaces/${APP}/secrets/kept`) });
    const { data } = JSON.parse(body) as { readonly data: { readonly token: string } };
    const token = Buffer.from(data.token, 'base64').toString();
    const review = { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenReview', spec: { token } };
    const path = '/apis/authentication.k8s.io/v1/tokenreviews';
    const answer = await kubernetes({ method: 'POST', path, body: review });
    return (JSON.parse(answer.body) as Review).status.authenticated === true;
  };

  scenario('RB-31', 'a token of a pod that is being deleted is good for a minute longer than the pod was to end in', {
    source: `${BOUND_TOKENS}: invalidated 60 seconds after .metadata.deletionTimestamp`,
    needs: ['cluster-clock'],
    workloads: { app: {} },
    probes: [
      check('the pod waits for a node that there is not', async ({ kubernetes, name }) => {
        const namespace = name(`/api/v1/namespaces/${APP}`);
        const pod = {
          ...{ apiVersion: 'v1', kind: 'Pod', metadata: { name: 'leaving' } },
          spec: {
            ...{ serviceAccountName: 'app', nodeName: 'conformance-nowhere' },
            containers: [{ name: 'app', image: 'example.com/app:1' }],
          },
        };
        expect(await kubernetes({ method: 'POST', path: `${namespace}/pods`, body: pod })).to.include({ status: 201 });
        const spec = { boundObjectRef: { apiVersion: 'v1', kind: 'Pod', name: 'leaving' } };
        const body = { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenRequest', spec };
        const made = await kubernetes({ method: 'POST', path: `${namespace}/serviceaccounts/app/token`, body });
        const request = JSON.parse(made.body) as Request;
        const { token } = request.status;
        const secret = { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'kept' }, stringData: { token } };
        await kubernetes({ method: 'POST', path: `${namespace}/secrets`, body: secret });
        await kubernetes({ method: 'DELETE', path: `${namespace}/pods/leaving?gracePeriodSeconds=100` });
        // Such a node is known by its name alone.
        expect(claimsOf(request)['kubernetes.io']).to.deep.include({ node: { name: 'conformance-nowhere' } });
      }),
      check('its token is good', async (context) => expect(await kept(context)).to.equal(true)),
      advanceClock(150),
      check('its token is still good', async (context) => expect(await kept(context)).to.equal(true)),
      advanceClock(15),
      check('its token is no longer good', async (context) => expect(await kept(context)).to.equal(false)),
    ],
  });

  const accounts = `system:serviceaccount:${APP}`;
  const groups = (...others: readonly string[]): string =>
    [...others, 'system:authenticated', 'system:serviceaccounts', `system:serviceaccounts:${APP}`].join();

  /** A token that is bound to an object is good until that is gone, also where another of its name follows. */
  const endsWith = (kind: 'Secret' | 'Pod' | 'Node', collection: string, more: object = {}) =>
    check(`a token that is bound to a ${kind} ends with it`, async ({ eventually, kubernetes, name }) => {
      const isGood = async (token: string): Promise<boolean> => {
        const review = { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenReview', spec: { token } };
        const path = '/apis/authentication.k8s.io/v1/tokenreviews';
        const { body } = await kubernetes({ method: 'POST', path, body: review });
        return (JSON.parse(body) as Review).status.authenticated === true;
      };
      const path = name(collection);
      const boundName = name(`${APP}-bound`);
      const object = { apiVersion: 'v1', kind, metadata: { name: boundName }, ...more };
      const make = () => kubernetes({ method: 'POST', path, body: object });
      const remove = () => kubernetes({ method: 'DELETE', path: `${path}/${boundName}` });
      expect(await make()).to.include({ status: 201 });
      try {
        const spec = { boundObjectRef: { apiVersion: 'v1', kind, name: boundName } };
        const made = await kubernetes({
          ...{ method: 'POST', path: name(`/api/v1/namespaces/${APP}/serviceaccounts/app/token`) },
          body: { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenRequest', spec },
        });
        const { token } = (JSON.parse(made.body) as Request).status;
        expect(await isGood(token)).to.equal(true);
        await remove();
        expect(await make()).to.include({ status: 201 });
        // An API server remembers for a while that a token was good.
        const isStillGood = await eventually(
          () => isGood(token),
          (good) => !good,
        );
        expect(isStillGood).to.equal(false);
      } finally {
        await remove();
      }
    });

  scenario('RB-28', 'a token stands for its service account and pod, and for nothing once it is changed', {
    source: `${AUTHENTICATION}, service account tokens; ${BOUND_TOKENS}`,
    workloads: { app: {} },
    tokens: {
      api: { serviceAccount: 'app/app' },
      sts: { serviceAccount: 'app/app', audience: STS },
      bound: { serviceAccount: 'app/app', boundTo: 'app' },
    },
    probes: [
      succeeds(kubernetesGet(JWKS, { token: 'api' })),
      ...(
        ['flip-signature', 'alg-none', 'self-signed', 'garbage-header', 'garbage-claims', 'two-segments'] as const
      ).flatMap((change) => [
        fails(kubernetesGet(JWKS, { token: 'api', change }), UNAUTHORIZED),
        fails(reviewToken('api', { change }), UNAUTHENTICATED),
      ]),
      // As if the header said "Bearer" twice.
      fails(kubernetesGet(JWKS, { token: 'api', change: 'bearer-prefix' }), UNAUTHORIZED),
      succeeds(reviewToken('api'), {
        ...{ username: `${accounts}:app`, uid: matching(UID), groups: groups(), pod: isAbsent, podUid: isAbsent },
        ...{ audiences: matching(/^https:\/\//), credential: matching(/^JTI=[0-9a-f-]{36}$/) },
      }),
      succeeds(reviewToken('bound'), {
        ...{ username: `${accounts}:app`, pod: '<pod:app>', podUid: '<pod-uid:app>', node: matching(/./) },
      }),
      // Of the audiences that are asked for, those that the token has.
      succeeds(reviewToken('sts', { audience: ['vault.example.com', STS] }), { audiences: STS }),
      ...[reviewToken('sts', { audience: ['vault.example.com', 'elsewhere.example.com'] }), reviewToken('sts')].map(
        (ask) => fails(ask, { ...UNAUTHENTICATED, message: 'is invalid for the target audiences' }),
      ),
      endsWith('Secret', `/api/v1/namespaces/${APP}/secrets`),
      // One that gets no node, and is gone at once.
      endsWith('Pod', `/api/v1/namespaces/${APP}/pods`, {
        spec: {
          ...{ serviceAccountName: 'app', schedulingGates: [{ name: 'example.com/none' }] },
          containers: [{ name: 'app', image: 'example.com/app:1' }],
        },
      }),
    ],
  });

  // In no cluster that others use: a node is not of one namespace.
  scenario('RB-34', 'a token that is bound to a node is for this node alone', {
    source: `${BOUND_TOKENS}: bound to a Node`,
    needs: ['own-cluster'],
    workloads: { app: {} },
    // Nothing is to run on it: it has no labels that a pod of the system selects.
    probes: [
      endsWith('Node', '/api/v1/nodes', { spec: { unschedulable: true } }),
      check('a token of a pod on it is bound to the pod alone', async ({ kubernetes, name }) => {
        const ask = async (method: string, path: string, body?: object): Promise<{ readonly status: object }> => {
          const answer = await kubernetes({ method, path: name(path), ...(body && { body }) });
          expect(answer.status, `${method} ${path}`).to.be.below(300);
          return JSON.parse(answer.body) as { readonly status: object };
        };
        const node = { apiVersion: 'v1', kind: 'Node', metadata: { name: name(`${APP}-gone`) } };
        const spec = { serviceAccountName: 'app', nodeName: node.metadata.name };
        const containers = [{ name: 'app', image: 'example.com/app:1' }];
        const pod = { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'stays' }, spec: { ...spec, containers } };
        await ask('POST', '/api/v1/nodes', { ...node, spec: { unschedulable: true } });
        try {
          await ask('POST', `/api/v1/namespaces/${APP}/pods`, pod);
          const boundObjectRef = { apiVersion: 'v1', kind: 'Pod', name: 'stays' };
          const request = { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenRequest', spec: { boundObjectRef } };
          const made = await ask('POST', `/api/v1/namespaces/${APP}/serviceaccounts/app/token`, request);
          expect(claimsOf(made as Request)['kubernetes.io']).to.deep.nested.include({ 'node.name': spec.nodeName });
          await ask('DELETE', `/api/v1/nodes/${spec.nodeName}`);
          const review = { ...request, kind: 'TokenReview', spec: { token: (made as Request).status.token } };
          const { status } = await ask('POST', '/apis/authentication.k8s.io/v1/tokenreviews', review);
          expect(status).to.include({ authenticated: true });
        } finally {
          await kubernetes({ method: 'DELETE', path: `/api/v1/nodes/${spec.nodeName}` });
          const path = name(`/api/v1/namespaces/${APP}/pods/stays?gracePeriodSeconds=0`);
          await kubernetes({ method: 'DELETE', path });
        }
      }),
    ],
  });

  scenario('RB-43', 'a namespace that is deleted takes its service accounts with it, and their tokens', {
    source: `Kubernetes documentation, "Namespaces"; "Garbage Collection"; ${BOUND_TOKENS}`,
    needs: ['own-cluster'],
    workloads: { app: {} },
    probes: [
      check('one that is made again has other accounts', async ({ eventually, kubernetes, name }) => {
        const namespace = name(`${APP}-gone`);
        const path = `/api/v1/namespaces/${namespace}`;
        const post = (of: string, body: object) => kubernetes({ method: 'POST', path: of, body });
        const isGood = async (token: string): Promise<boolean> => {
          const body = { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenReview', spec: { token } };
          const answer = await post('/apis/authentication.k8s.io/v1/tokenreviews', body);
          return (JSON.parse(answer.body) as Review).status.authenticated === true;
        };
        const make = async (): Promise<void> => {
          const made = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } };
          expect(await post('/api/v1/namespaces', made)).to.include({ status: 201 });
        };
        await make();
        try {
          const account = { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'app' } };
          expect(await post(`${path}/serviceaccounts`, account)).to.include({ status: 201 });
          const request = { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenRequest', spec: {} };
          const asked = await post(`${path}/serviceaccounts/app/token`, request);
          const { token } = (JSON.parse(asked.body) as Request).status;
          expect(await isGood(token)).to.equal(true);
          expect((await kubernetes({ method: 'DELETE', path })).status).to.equal(200);
          const status = async () => (await kubernetes({ path })).status;
          if ((await eventually(status, (seen) => seen === 404)) !== 404)
            throw new Error('The namespace was not gone in time.');
          await make();
          expect(await kubernetes({ path: `${path}/serviceaccounts/app` })).to.include({ status: 404 });
          // An API server remembers for a while that a token was good.
          const isStillGood = await eventually(
            () => isGood(token),
            (good) => !good,
          );
          expect(isStillGood, 'a token of an account that is gone').to.equal(false);
        } finally {
          await kubernetes({ method: 'DELETE', path });
        }
      }),
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
});

interface Named {
  readonly name: string;
  readonly uid: string;
}

/** A TokenRequest, or the Status in its place. */
interface Request {
  readonly metadata: Named;
  readonly spec: {
    readonly expirationSeconds: number;
    readonly audiences: readonly string[];
    readonly boundObjectRef: object | null;
  };
  readonly status: { readonly token: string; readonly expirationTimestamp: string };
  readonly details?: {
    readonly group?: string;
    readonly kind?: string;
    readonly name?: string;
    readonly causes?: readonly { readonly field?: string }[];
  };
}

interface Answer {
  readonly status: number;
  readonly request: Request;
}

interface Claims {
  readonly aud: readonly string[];
  readonly iat: number;
  readonly exp: number;
  readonly jti: string;
  readonly 'kubernetes.io': Readonly<Record<string, unknown>>;
}

function claimsOf({ status }: Request): Claims {
  expect(status, 'the status of a TokenRequest').to.have.property('token');
  return JSON.parse(Buffer.from(status.token.split('.')[1] ?? '', 'base64url').toString()) as Claims;
}

interface Review {
  readonly status: {
    readonly authenticated?: boolean;
    readonly user: { readonly extra: Readonly<Record<string, readonly string[]>> };
  };
}

const DAY = 24 * 3_600_000;
