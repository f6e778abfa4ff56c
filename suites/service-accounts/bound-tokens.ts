/** What a token is bound to, and when it ends: service account, pod, node, namespace, time. */
import { expect } from 'chai';
import {
  advanceClock,
  between,
  check,
  controlSucceeds,
  deletePod,
  fails,
  granted,
  isAbsent,
  kubernetesGet,
  matching,
  minted,
  podIdentityRole,
  podIdentityToken,
  readToken,
  recreateServiceAccount,
  reviewToken,
  succeeds,
  suite,
  wait,
  type CheckContext,
} from '../../harness/index.ts';
import { UNAUTHENTICATED, UNAUTHORIZED } from '../lib/outcomes.ts';
import { JWKS } from '../lib/signing-keys.ts';
import { AUTHENTICATION, BOUND_TOKENS, TOKEN_REQUEST } from '../lib/sources.ts';
import { POD_IDENTITY } from '../lib/worlds.ts';
import { accounts, claimsOf, UID, type Request, type Review } from './lib/token-requests.ts';

const APP = '<namespace:app>';
const STS = 'sts.amazonaws.com';
const ACCOUNT = 'system:serviceaccount:<namespace:app>:app';

suite('service-accounts', ({ scenario }) => {
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

  scenario('RB-21', 'a service account that is made again takes no token of the one before it', {
    source: `${BOUND_TOKENS}: the token is for the service account of this UID`,
    workloads: { app: {} },
    // Two alike, since an API server remembers for a while that a token was good.
    tokens: { twin: { serviceAccount: 'app/app' }, old: { serviceAccount: 'app/app' } },
    probes: [
      controlSucceeds(reviewToken('twin'), { username: ACCOUNT }),
      recreateServiceAccount('app'),
      // An API server looks for the account in its own view of the cluster, which lags behind a little.
      wait(2),
      fails(reviewToken('old'), UNAUTHENTICATED),
    ],
  });

  scenario('RB-22', 'a token says which pod and service account it is for, and no other', {
    source: `${BOUND_TOKENS}; Amazon EKS User Guide, "Understand how EKS Pod Identity works"`,
    roles: { app: podIdentityRole() },
    workloads: {
      app: { role: 'app' },
      // Another pod of the same service account, with a shorter token.
      twin: { role: 'app', podAnnotations: { 'eks.amazonaws.com/token-expiration': '1200' } },
    },
    tokens: {
      bound: { serviceAccount: 'app/app', audience: POD_IDENTITY, boundTo: 'twin', expirationSeconds: 1800 },
      unbound: { serviceAccount: 'app/app', audience: POD_IDENTITY },
    },
    probes: [
      granted('app', readToken(podIdentityToken), {
        facts: {
          ...{ algorithm: 'RS256', issuer: 'https://<issuer:c1>', subject: ACCOUNT, audience: POD_IDENTITY },
          ...{ namespace: '<namespace:app>', serviceAccount: 'app', serviceAccountUid: matching(UID) },
          ...{ pod: '<pod:app>', podUid: '<pod-uid:app>', node: matching(/./) },
          ...{ lifetimeSeconds: between(79_200, 86_400), validAtOnce: true },
        },
      }),
      granted('twin', readToken(podIdentityToken), {
        facts: { subject: ACCOUNT, pod: '<pod:twin>', podUid: '<pod-uid:twin>', lifetimeSeconds: 1200 },
      }),
      granted('app', readToken(minted('bound')), {
        facts: { subject: ACCOUNT, pod: '<pod:twin>', podUid: '<pod-uid:twin>', lifetimeSeconds: 1800 },
      }),
      granted('app', readToken(minted('unbound')), {
        facts: { subject: ACCOUNT, audience: POD_IDENTITY, pod: isAbsent, podUid: isAbsent, lifetimeSeconds: 3600 },
      }),
    ],
  });

  scenario('RB-23', 'the API server takes no token that has expired', {
    source: `${TOKEN_REQUEST}, expirationSeconds`,
    needs: ['cluster-clock'],
    workloads: { app: {} },
    tokens: {
      short: { serviceAccount: 'app/app', expirationSeconds: 600 },
      long: { serviceAccount: 'app/app', expirationSeconds: 7200 },
    },
    probes: [
      controlSucceeds(reviewToken('short')),
      advanceClock(560),
      succeeds(reviewToken('short')),
      // Clocks may differ by a minute.
      advanceClock(105),
      fails(reviewToken('short'), UNAUTHENTICATED),
      succeeds(reviewToken('long')),
    ],
  });

  scenario('RB-11', "a deleted pod's token is worth nothing at the API server", {
    source: 'Kubernetes documentation, "Managing Service Accounts", bound service account tokens',
    workloads: { app: {} },
    // Two alike, since an API server remembers for a while that a token was good.
    tokens: {
      twin: { serviceAccount: 'app/app', boundTo: 'app' },
      bound: { serviceAccount: 'app/app', boundTo: 'app' },
    },
    probes: [
      controlSucceeds(reviewToken('twin'), { username: 'system:serviceaccount:<namespace:app>:app' }),
      deletePod('app'),
      // An API server looks for the pod in its own view of the cluster, which lags behind a little.
      wait(2),
      fails(reviewToken('bound'), { by: 'kubernetes', code: 'Unauthenticated' }),
    ],
  });
});
