import { createPublicKey, verify, type JsonWebKey } from 'node:crypto';
import { expect } from 'chai';
import {
  admitPod,
  allow,
  assumeWithWebIdentity,
  check,
  control,
  controlSucceeds,
  createToken,
  deletePod,
  fails,
  fetchCredentials,
  getObject,
  granted,
  irsaRole,
  kubernetesGet,
  matching,
  minted,
  podIdentityRole,
  podIdentityToken,
  refused,
  reviewToken,
  startPod,
  succeeds,
  suite,
  wait,
} from '../harness/index.ts';
import { POD_IDENTITY } from './lib/worlds.ts';

const STS = 'sts.amazonaws.com';

/** A Kubernetes user may make tokens of the namespace's service accounts; another may only look at pods. */
const TOKEN_MAKER = { namespace: 'app', rules: [{ resources: ['serviceaccounts/token'], verbs: ['create'] }] };
const ONLOOKER = { namespace: 'app', rules: [{ resources: ['pods'], verbs: ['get', 'list'] }] };

suite('rbac', ({ scenario }) => {
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

  scenario('RB-02', 'who may make tokens of a service account can act as its IRSA role, from anywhere', {
    profile: 'core',
    source:
      'Amazon EKS Best Practices Guide, "Identity and Access Management"; STS API Reference, AssumeRoleWithWebIdentity',
    finding:
      'create on serviceaccounts/token is enough to act as the IRSA role of any service account of the namespace: no pod is needed, and the token works outside the cluster.',
    roles: { app: irsaRole('app/app', allow('s3:GetObject', 'data/*')) },
    // The token is used by a workload of another service account: nothing ties it to the one that it was made for.
    workloads: { app: { irsa: 'app' }, courier: { serviceAccount: 'courier' } },
    users: { maker: TOKEN_MAKER },
    tokens: { made: { serviceAccount: 'app/app', audience: STS } },
    probes: [
      succeeds(createToken('app/app', { as: 'maker', audience: STS })),
      granted('courier', assumeWithWebIdentity('app', { token: minted('made') }), {
        facts: { subject: 'system:serviceaccount:<namespace:app>:app', audience: STS },
      }),
    ],
  });

  scenario('RB-03', 'Pod Identity takes no token that is bound to no pod', {
    profile: 'core',
    source: 'Amazon EKS User Guide, "Understand how EKS Pod Identity works": the token is the pod\'s',
    roles: { app: podIdentityRole() },
    workloads: { app: { role: 'app' } },
    tokens: { unbound: { serviceAccount: 'app/app', audience: POD_IDENTITY } },
    probes: [
      control('app', fetchCredentials({ token: podIdentityToken })),
      // The agent of later versions reads the pod from the token itself, and so refuses before EKS Auth is asked.
      refused('app', fetchCredentials({ token: minted('unbound') }), {
        by: ['eks-auth', 'agent'],
        code: ['InvalidTokenException', 'InvalidRequestException', 'InvalidParameterException', '400'],
        status: 400,
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

  scenario('RB-05', 'a token that the API bound to the pod is as good as the projected one', {
    profile: 'core',
    source: 'Kubernetes documentation, TokenRequest API, boundObjectRef',
    finding:
      'create on serviceaccounts/token together with a running pod of the service account is enough to get its Pod Identity credentials, through the agent of any node.',
    roles: { app: podIdentityRole() },
    workloads: { app: { role: 'app' } },
    tokens: { bound: { serviceAccount: 'app/app', audience: POD_IDENTITY, boundTo: 'app' } },
    probes: [granted('app', fetchCredentials({ token: minted('bound') }))],
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

  scenario('RB-07', 'a pod without a token for the Kubernetes API has credentials all the same', {
    source: 'Kubernetes documentation, "Opt out of API credential automounting"; webhook source, pkg/handler',
    roles: { app: podIdentityRole() },
    workloads: { app: { role: 'app', automountServiceAccountToken: false } },
    probes: [granted('app', fetchCredentials())],
  });

  scenario('RB-08', 'a workload needs no right in Kubernetes to use its role', {
    source: 'Amazon EKS User Guide, "Learn how EKS Pod Identity grants pods access to AWS services"',
    roles: { app: podIdentityRole(allow('s3:GetObject', 'data/*')) },
    workloads: { app: { role: 'app' } },
    objects: ['data/key'],
    tokens: { api: { serviceAccount: 'app/app' } },
    probes: [
      granted('app', getObject('data/key')),
      fails(kubernetesGet('/api/v1/namespaces/<namespace:app>/pods', { token: 'api' }), {
        by: 'kubernetes',
        code: 'Forbidden',
        status: 403,
      }),
    ],
  });

  scenario('RB-09', 'who may create pods can use any service account of the namespace, and its role', {
    profile: 'core',
    source:
      'Amazon EKS Best Practices Guide, "Identity and Access Management"; Kubernetes documentation, "Role Based Access Control Good Practices"',
    finding:
      'create on pods is enough to run as any service account of the namespace and so to use its AWS role: keep privileged service accounts in namespaces of their own.',
    roles: { app: podIdentityRole() },
    workloads: { app: { role: 'app' } },
    users: { creator: { namespace: 'app', rules: [{ resources: ['pods'], verbs: ['create'] }] }, onlooker: ONLOOKER },
    probes: [
      succeeds(admitPod('app', {}, { as: 'creator' }), { injected: 'pod-identity' }),
      granted('app', fetchCredentials()),
      fails(createToken('app/app', { as: 'creator' }), { by: 'kubernetes', code: 'Forbidden', status: 403 }),
      fails(admitPod('app', {}, { as: 'onlooker' }), { by: 'kubernetes', code: 'Forbidden', status: 403 }),
    ],
  });

  scenario('RB-10', 'service accounts may read the keys of the token issuer, strangers may not', {
    source:
      'Kubernetes documentation, "Managing Service Accounts", service account issuer discovery; "Using RBAC Authorization", system:public-info-viewer; "Authenticating", putting a bearer token in a request',
    workloads: { app: {} },
    tokens: { api: { serviceAccount: 'app/app' } },
    probes: [
      succeeds(kubernetesGet('/openid/v1/jwks', { token: 'api' }), { body: matching(/"keys"/) }),
      succeeds(kubernetesGet('/.well-known/openid-configuration', { token: 'api' }), {
        body: matching(/"jwks_uri"/),
      }),
      succeeds(kubernetesGet('/.well-known/openid-configuration', { token: 'api' }), {
        body: matching(/"issuer": *"https:\/\/<issuer:c1>"/),
      }),
      check('the keys verify tokens, and nothing more', async ({ kubernetes, name }) => {
        const body = { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenRequest', spec: {} };
        const path = name('/api/v1/namespaces/<namespace:app>/serviceaccounts/app/token');
        const made = await kubernetes({ method: 'POST', path, body });
        const { token } = (JSON.parse(made.body) as { readonly status: { readonly token: string } }).status;
        const [header = '', claims = '', signature = ''] = token.split('.');
        const { kid } = JSON.parse(Buffer.from(header, 'base64url').toString()) as { readonly kid: string };
        const headers = { authorization: `Bearer ${token}` };
        const published = await kubernetes({ path: '/openid/v1/jwks', as: 'anonymous', headers });
        const { keys } = JSON.parse(published.body) as { readonly keys: readonly JsonWebKey[] };
        const key = keys.find((of) => of['kid'] === kid);
        expect(key, `key ${kid}`).to.include({ kty: 'RSA', alg: 'RS256', use: 'sig' });
        for (const secret of keys) expect(secret).not.to.have.any.keys('d', 'p', 'q');
        const publicKey = createPublicKey({ key: key ?? {}, format: 'jwk' });
        const isGood = verify(
          'RSA-SHA256',
          Buffer.from(`${header}.${claims}`),
          publicKey,
          Buffer.from(signature, 'base64url'),
        );
        expect(isGood, 'the signature of a token').to.equal(true);
      }),
      // Whether the API server is well is everybody's business.
      succeeds(kubernetesGet('/livez', 'anonymous')),
      // 401 where the API server lets nobody in without a name to anything else, 403 where it does.
      fails(kubernetesGet('/openid/v1/jwks', 'anonymous'), {
        by: 'kubernetes',
        code: ['Forbidden', 'Unauthorized'],
      }),
      check('of an authorization header, a bearer token alone says who asks', async ({ kubernetes, name }) => {
        const body = { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenRequest', spec: {} };
        const path = name('/api/v1/namespaces/<namespace:app>/serviceaccounts/app/token');
        const made = await kubernetes({ method: 'POST', path, body });
        const { token } = (JSON.parse(made.body) as { readonly status: { readonly token: string } }).status;
        const ask = async (path: string, header: string): Promise<number> => {
          const headers = { authorization: header.replace('TOKEN', token) };
          return (await kubernetes({ path, as: 'anonymous', headers })).status;
        };
        for (const header of ['Bearer TOKEN', 'bearer TOKEN', 'BEARER TOKEN more'])
          expect(await ask('/openid/v1/jwks', header), header).to.equal(200);
        for (const header of ['Bearer more TOKEN', 'Bearer more'])
          for (const path of ['/openid/v1/jwks', '/livez']) expect(await ask(path, header), header).to.equal(401);
        // What else there is, is as if it were not there.
        for (const header of ['Basic TOKEN', 'Basic eDp5', 'Bearer', 'Bearer  TOKEN', 'TOKEN']) {
          expect(await ask('/livez', header), header).to.equal(200);
          expect(await ask('/openid/v1/jwks', header), header).to.be.oneOf([401, 403]);
        }
      }),
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

  scenario('RB-11b', "a deleted pod's token is still good for STS until it expires", {
    source: 'STS API Reference, AssumeRoleWithWebIdentity: the token is checked with the public keys of its issuer',
    finding:
      "STS checks a token's signature and dates alone: deleting the pod does not end what its IRSA token can do.",
    roles: { app: irsaRole('app/app') },
    workloads: { app: { irsa: 'app' }, courier: { serviceAccount: 'courier', starts: 'later' } },
    tokens: { bound: { serviceAccount: 'app/app', audience: STS, boundTo: 'app' } },
    probes: [
      deletePod('app'),
      startPod('courier'),
      granted('courier', assumeWithWebIdentity('app', { token: minted('bound') })),
    ],
  });

  scenario('RB-11c', "a deleted pod's token is still good for the agent until it expires", {
    source: 'EKS Auth API Reference, AssumeRoleForPodIdentity: no error is told for a pod that is gone',
    finding:
      'EKS Auth goes by what the token says: deleting the pod does not end what its Pod Identity token can do, from any pod of the cluster.',
    roles: { app: podIdentityRole() },
    workloads: { app: { role: 'app' }, courier: { serviceAccount: 'courier', starts: 'later' } },
    tokens: { bound: { serviceAccount: 'app/app', audience: POD_IDENTITY, boundTo: 'app' } },
    probes: [
      deletePod('app'),
      startPod('courier'),
      granted('courier', fetchCredentials({ via: 'ipv4', token: minted('bound') })),
    ],
  });
});
