/** What a token is bound to, and when it becomes invalid: service account, pod, node, namespace, time. */
import { expect } from 'chai';
import {
  between,
  check,
  controlSucceeds,
  deletePod,
  fails,
  isAbsent,
  kubernetesGet,
  matching,
  minted,
  podIdentityRole,
  podIdentityToken,
  recreateServiceAccount,
  reviewToken,
  succeeds,
  suite,
  wait,
} from '../../harness/index.ts';
import { UNAUTHENTICATED, UNAUTHORIZED } from '../lib/outcomes.ts';
import { JWKS } from '../lib/signing-keys.ts';
import { AUTHENTICATION, BOUND_TOKENS } from '../lib/sources.ts';
import { IMAGE, POD_IDENTITY } from '../lib/worlds.ts';
import { ACCOUNT, isGood, newToken, STS, tells, UID } from './lib/token-requests.ts';

const APP = '<namespace:app>';
const CHANGES = [
  'flip-signature',
  'alg-none',
  'self-signed',
  'garbage-header',
  'garbage-claims',
  'two-segments',
] as const;
const TWIN = { subject: ACCOUNT, pod: '<pod:twin>', podUid: '<pod-uid:twin>' };
const GROUPS = ['system:authenticated', 'system:serviceaccounts', `system:serviceaccounts:${APP}`];

suite('service-accounts', ({ scenario }) => {
  /** Checks that a token bound to an object is invalid after its deletion, even if a new object has the same name. */
  const endsWith = (kind: 'Secret' | 'Pod' | 'Node', collection: string, more: object = {}) =>
    check(`a token bound to a ${kind} ends with it`, async (context) => {
      const { eventually, kubernetes } = context;
      const path = context.name(collection);
      const name = context.name(`${APP}-bound`);
      const body = { apiVersion: 'v1', kind, metadata: { name }, ...more };
      const make = async () =>
        expect(await kubernetes({ method: 'POST', path, body }), `creation of a ${kind}`).to.include({ status: 201 });
      const remove = () => kubernetes({ method: 'DELETE', path: `${path}/${name}` });
      await make();
      try {
        const token = await newToken(context, { boundObjectRef: { apiVersion: 'v1', kind, name } });
        expect(await isGood(context, token), 'before the deletion').to.equal(true);
        await remove();
        await make();
        // The API server caches valid tokens for a while.
        const isStillGood = await eventually(
          () => isGood(context, token),
          (good) => !good,
        );
        expect(isStillGood, 'after the deletion').to.equal(false);
      } finally {
        await remove();
      }
    });

  scenario('RB-28', 'a token identifies its service account and pod, and any change makes it invalid', {
    source: `${AUTHENTICATION}, service account tokens; ${BOUND_TOKENS}`,
    workloads: { app: {} },
    tokens: {
      api: { serviceAccount: 'app/app' },
      sts: { serviceAccount: 'app/app', audience: STS },
      bound: { serviceAccount: 'app/app', boundTo: 'app' },
    },
    probes: [
      succeeds(kubernetesGet(JWKS, { token: 'api' })),
      ...CHANGES.flatMap((change) => [
        fails(kubernetesGet(JWKS, { token: 'api', change }), UNAUTHORIZED),
        fails(reviewToken('api', { change }), UNAUTHENTICATED),
      ]),
      // As if the header said "Bearer" twice.
      fails(kubernetesGet(JWKS, { token: 'api', change: 'bearer-prefix' }), UNAUTHORIZED),
      succeeds(reviewToken('api'), {
        username: ACCOUNT,
        uid: matching(UID),
        groups: GROUPS.join(),
        pod: isAbsent,
        podUid: isAbsent,
        audiences: matching(/^https:\/\//),
        credential: matching(/^JTI=[0-9a-f-]{36}$/),
      }),
      succeeds(reviewToken('bound'), {
        username: ACCOUNT,
        pod: '<pod:app>',
        podUid: '<pod-uid:app>',
        node: matching(/./),
      }),
      // The review returns the requested audiences that the token has.
      succeeds(reviewToken('sts', { audience: ['vault.example.com', STS] }), { audiences: STS }),
      ...[reviewToken('sts', { audience: ['vault.example.com', 'elsewhere.example.com'] }), reviewToken('sts')].map(
        (ask) => fails(ask, { ...UNAUTHENTICATED, message: 'is invalid for the target audiences' }),
      ),
      endsWith('Secret', `/api/v1/namespaces/${APP}/secrets`),
      // This pod gets no node, so its deletion is immediate.
      endsWith('Pod', `/api/v1/namespaces/${APP}/pods`, {
        spec: {
          serviceAccountName: 'app',
          schedulingGates: [{ name: 'example.com/none' }],
          containers: [{ name: 'app', image: IMAGE }],
        },
      }),
    ],
  });

  // Not in a shared cluster, because a node is not limited to a namespace.
  scenario('RB-34', 'a token bound to a node is valid only while that node exists', {
    source: `${BOUND_TOKENS}: bound to a Node`,
    needs: ['own-cluster'],
    workloads: { app: {} },
    // No pod may run on this node, so it has no labels that system pods select.
    probes: [endsWith('Node', '/api/v1/nodes', { spec: { unschedulable: true } })],
  });

  scenario('RB-21', 'a token of a deleted service account is invalid for a recreated one', {
    source: `${BOUND_TOKENS}: the token is for the service account of this UID`,
    workloads: { app: {} },
    // Two equal tokens, because the API server caches valid tokens for a while.
    tokens: { twin: { serviceAccount: 'app/app' }, old: { serviceAccount: 'app/app' } },
    probes: [
      controlSucceeds(reviewToken('twin'), { username: ACCOUNT }),
      recreateServiceAccount('app'),
      // The API server looks up the account in a cache, which lags behind slightly.
      wait(2),
      fails(reviewToken('old'), UNAUTHENTICATED),
    ],
  });

  scenario('RB-22', 'a token names its own pod and service account', {
    source: `${BOUND_TOKENS}; Amazon EKS User Guide, "Understand how EKS Pod Identity works"`,
    roles: { app: podIdentityRole() },
    workloads: {
      app: { role: 'app' },
      // Another pod of the same service account, with a shorter token lifetime.
      twin: { role: 'app', podAnnotations: { 'eks.amazonaws.com/token-expiration': '1200' } },
    },
    tokens: {
      bound: { serviceAccount: 'app/app', audience: POD_IDENTITY, boundTo: 'twin', expirationSeconds: 1800 },
      unbound: { serviceAccount: 'app/app', audience: POD_IDENTITY },
    },
    probes: [
      tells('app', podIdentityToken, {
        algorithm: 'RS256',
        issuer: 'https://<issuer:c1>',
        subject: ACCOUNT,
        audience: POD_IDENTITY,
        namespace: APP,
        serviceAccount: 'app',
        serviceAccountUid: matching(UID),
        pod: '<pod:app>',
        podUid: '<pod-uid:app>',
        node: matching(/./),
        lifetimeSeconds: between(79_200, 86_400),
        validAtOnce: true,
      }),
      tells('twin', podIdentityToken, { ...TWIN, lifetimeSeconds: between(1199, 1201) }),
      tells('app', minted('bound'), { ...TWIN, lifetimeSeconds: between(1799, 1801) }),
      tells('app', minted('unbound'), {
        subject: ACCOUNT,
        audience: POD_IDENTITY,
        pod: isAbsent,
        podUid: isAbsent,
        lifetimeSeconds: between(3599, 3601),
      }),
    ],
  });

  scenario('RB-11', 'the API server rejects the token of a deleted pod', {
    source: BOUND_TOKENS,
    workloads: { app: {} },
    // Two equal tokens, because the API server caches valid tokens for a while.
    tokens: {
      twin: { serviceAccount: 'app/app', boundTo: 'app' },
      bound: { serviceAccount: 'app/app', boundTo: 'app' },
    },
    probes: [
      controlSucceeds(reviewToken('twin'), { username: ACCOUNT }),
      deletePod('app'),
      // The API server looks up the pod in a cache, which lags behind slightly.
      wait(2),
      fails(reviewToken('bound'), UNAUTHENTICATED),
    ],
  });
});
