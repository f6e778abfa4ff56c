/** Which service account tokens the API server makes and takes, and what they say. */
import { expect } from 'chai';
import {
  advanceClock,
  between,
  check,
  controlSucceeds,
  createToken,
  fails,
  granted,
  isAbsent,
  irsaToken,
  kubernetesApiToken,
  kubernetesGet,
  matching,
  minted,
  podIdentityRole,
  podIdentityToken,
  irsaRole,
  readToken,
  recreateServiceAccount,
  reviewToken,
  succeeds,
  suite,
  wait,
} from '../harness/index.ts';
import { SELF_REVIEW } from './lib/rbac.ts';
import { JWKS } from './lib/signing-keys.ts';
import { UNAUTHENTICATED, UNAUTHORIZED } from './lib/outcomes.ts';
import { BOUND_TOKENS, TOKEN_REQUEST } from './lib/sources.ts';
import { POD_IDENTITY } from './lib/worlds.ts';

const TOKEN_REVIEW = 'Kubernetes API Reference, TokenReview';

const STS = 'sts.amazonaws.com';
const APP = 'system:serviceaccount:<namespace:app>:app';
const SHORT = { expirationSeconds: 600 };
const UID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

suite('rbac', ({ scenario }) => {
  scenario('RB-19', 'the API server takes no token that was made for another audience', {
    source: `${BOUND_TOKENS}; ${TOKEN_REQUEST}, audiences`,
    workloads: { app: {} },
    tokens: {
      api: { serviceAccount: 'app/app' },
      sts: { serviceAccount: 'app/app', audience: STS },
      'pod-identity': { serviceAccount: 'app/app', audience: POD_IDENTITY },
    },
    probes: [
      controlSucceeds(kubernetesGet(JWKS, { token: 'api' })),
      fails(kubernetesGet(JWKS, { token: 'sts' }), UNAUTHORIZED),
      fails(kubernetesGet(JWKS, { token: 'pod-identity' }), UNAUTHORIZED),
      fails(reviewToken('sts'), UNAUTHENTICATED),
    ],
  });

  scenario('RB-20', 'a review of a token is for the audience that asks', {
    source: `${TOKEN_REVIEW}, spec.audiences`,
    workloads: { app: {} },
    tokens: { api: { serviceAccount: 'app/app' }, sts: { serviceAccount: 'app/app', audience: STS } },
    probes: [
      succeeds(reviewToken('sts', { audience: STS }), { username: APP }),
      fails(reviewToken('sts', { audience: 'vault.example.com' }), UNAUTHENTICATED),
      fails(reviewToken('api', { audience: STS }), UNAUTHENTICATED),
    ],
  });

  scenario('RB-21', 'a service account that is made again takes no token of the one before it', {
    source: `${BOUND_TOKENS}: the token is for the service account of this UID`,
    workloads: { app: {} },
    // Two alike, since an API server remembers for a while that a token was good.
    tokens: { twin: { serviceAccount: 'app/app' }, old: { serviceAccount: 'app/app' } },
    probes: [
      controlSucceeds(reviewToken('twin'), { username: APP }),
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
          ...{ algorithm: 'RS256', issuer: 'https://<issuer:c1>', subject: APP, audience: POD_IDENTITY },
          ...{ namespace: '<namespace:app>', serviceAccount: 'app', serviceAccountUid: matching(UID) },
          ...{ pod: '<pod:app>', podUid: '<pod-uid:app>', node: matching(/./) },
          ...{ lifetimeSeconds: between(79_200, 86_400), validAtOnce: true },
        },
      }),
      granted('twin', readToken(podIdentityToken), {
        facts: { subject: APP, pod: '<pod:twin>', podUid: '<pod-uid:twin>', lifetimeSeconds: 1200 },
      }),
      granted('app', readToken(minted('bound')), {
        facts: { subject: APP, pod: '<pod:twin>', podUid: '<pod-uid:twin>', lifetimeSeconds: 1800 },
      }),
      granted('app', readToken(minted('unbound')), {
        facts: { subject: APP, audience: POD_IDENTITY, pod: isAbsent, podUid: isAbsent, lifetimeSeconds: 3600 },
      }),
    ],
  });

  scenario('RB-22b', 'the tokens of a pod are each for one audience and time', {
    source: `${BOUND_TOKENS}; Amazon EKS User Guide, "Configure Pods to use a Kubernetes service account"; Kubernetes source, pkg/kubelet/token`,
    needs: ['irsa'],
    roles: { app: irsaRole('app/app') },
    // One of the API's audience besides, which lives as short as it may.
    workloads: {
      app: {
        irsa: 'app',
        volumes: { '/opt/short': { projected: { sources: [{ serviceAccountToken: { path: 'token', ...SHORT } }] } } },
      },
      // Another pod of the same service account, with the same settings.
      twin: { irsa: 'app' },
    },
    tokens: { api: { serviceAccount: 'app/app' } },
    probes: [
      granted('app', readToken(irsaToken), {
        facts: { issuer: 'https://<issuer:c1>', subject: APP, audience: STS, lifetimeSeconds: 86_400 },
      }),
      // That of the Kubernetes API lives longer than it was asked for, by what a cluster allows.
      granted('app', readToken(kubernetesApiToken), {
        facts: {
          ...{ subject: APP, audience: matching(/^https:\/\/[^,]+$/), podUid: '<pod-uid:app>' },
          lifetimeSeconds: between(3607, 366 * 86_400),
        },
      }),
      ...[irsaToken, kubernetesApiToken].map((token) =>
        granted('twin', readToken(token), { facts: { podUid: '<pod-uid:twin>' } }),
      ),
      succeeds(kubernetesGet(JWKS, { token: 'api' })),
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

  scenario('RB-33', 'a token of aws eks get-token is for the API server alone', {
    source:
      'Kubernetes documentation, "Authenticating", webhook token authentication: audiences; API Reference, TokenReviewStatus',
    needs: ['own-cluster'],
    workloads: { app: {} },
    probes: [
      check('it is good for no other audience', async ({ kubernetes, clusterToken }) => {
        const token = await clusterToken();
        const review = async (audiences?: readonly string[]): Promise<object> => {
          const body = {
            ...{ apiVersion: 'authentication.k8s.io/v1', kind: 'TokenReview' },
            spec: { token, ...(audiences && { audiences }) },
          };
          const path = '/apis/authentication.k8s.io/v1/tokenreviews';
          const answer = await kubernetes({ method: 'POST', path, body });
          return (JSON.parse(answer.body) as { readonly status: object }).status;
        };
        const { audiences, ...usual } = (await review()) as { readonly audiences: readonly string[] };
        expect(usual).to.include({ authenticated: true });
        expect(await review(['vault.example.com'])).not.to.include({ authenticated: true });
        const both = await review(['vault.example.com', ...audiences.slice(0, 1)]);
        expect(both).to.deep.include({ authenticated: true, audiences: audiences.slice(0, 1) });
        // Whoever is somebody is of this group, which may see what the API offers.
        const headers = { authorization: `Bearer ${token}` };
        const self = await kubernetes({ method: 'POST', ...SELF_REVIEW, headers, as: 'anonymous' });
        expect(self).to.include({ status: 201 });
        const { status } = JSON.parse(self.body) as { status: { userInfo: { groups: readonly string[] } } };
        expect(status.userInfo.groups).to.include('system:authenticated');
      }),
    ],
  });
});
