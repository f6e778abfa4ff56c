/** Requests for service account tokens: who may make them, and for which audiences, lifetimes and objects. */
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
import {
  ACCOUNT,
  BAD_REQUEST,
  newToken,
  NOT_ALLOWED,
  ONLOOKER,
  readParts,
  reviewOf,
  STS,
  TOKEN_MAKER,
  UID,
} from './lib/token-requests.ts';

const APP = '<namespace:app>';
/** The default audience of most API servers. */
const API = 'https://kubernetes.default.svc';
const MAY_NOT_MAKE = { ...FORBIDDEN, message: 'cannot create resource "serviceaccounts/token"' } as const;
const INVALID = { by: 'kubernetes', code: 'Invalid', status: 422 } as const;
const CONFLICT = { by: 'kubernetes', code: 'Conflict', status: 409 } as const;
const NOBODY = '00000000-0000-0000-0000-000000000000';
const NOT_FOUND = { by: 'kubernetes', code: 'NotFound', status: 404 } as const;
/** The lifetime of a token that was requested for this time; clocks count whole seconds. */
const lifetime = (seconds: number) => ({ lifetimeSeconds: between(seconds - 1, seconds + 1) });

suite('service-accounts', ({ scenario }) => {
  scenario('RB-14', 'a rule on service accounts does not apply to their tokens, and vice versa', {
    source: `${RBAC}, "Referring to resources": subresources`,
    workloads: { app: {} },
    users: {
      keeper: { namespace: 'app', rules: [{ resources: ['serviceaccounts'], verbs: ['*'] }] },
      maker: TOKEN_MAKER,
      // A rule can name one subresource of all resources, but not all subresources of one resource.
      suffix: { namespace: 'app', rules: [{ resources: ['*/token'], verbs: ['create'] }] },
      prefix: { namespace: 'app', rules: [{ resources: ['serviceaccounts/*'], verbs: ['create'] }] },
      all: { namespace: 'app', rules: [{ resources: ['*'], verbs: ['create'] }] },
    },
    probes: [
      controlSucceeds(reviewAccess('keeper', { verb: 'create', resource: 'serviceaccounts', namespace: APP })),
      fails(createToken('app/app', { as: 'keeper' }), MAY_NOT_MAKE),
      controlSucceeds(createToken('app/app', { as: 'maker' })),
      fails(reviewAccess('maker', { verb: 'create', resource: 'serviceaccounts', namespace: APP }), NOT_ALLOWED),
      succeeds(createToken('app/app', { as: 'suffix' })),
      fails(createToken('app/app', { as: 'prefix' }), FORBIDDEN),
      succeeds(createToken('app/app', { as: 'all' })),
    ],
  });

  scenario('RB-29', 'a token has the requested audiences, lifetime and bound object', {
    source: `${TOKEN_REQUEST}, audiences, expirationSeconds and boundObjectRef; "kube-apiserver", --service-account-extend-token-expiration`,
    workloads: { app: {} },
    tokens: { any: { serviceAccount: 'app/app' } },
    probes: [
      succeeds(createToken('app/app', { audience: [] }), {
        subject: ACCOUNT,
        audience: matching(/^https:\/\/[^,]+$/),
        ...lifetime(3600),
        algorithm: 'RS256',
        issuer: 'https://<issuer:c1>',
        validAtOnce: true,
        id: matching(UID),
        namespace: APP,
        serviceAccount: 'app',
        serviceAccountUid: matching(UID),
        pod: isAbsent,
        node: isAbsent,
        secret: isAbsent,
      }),
      succeeds(createToken('app/app', { audience: [STS, 'vault.example.com'], expirationSeconds: 603 }), {
        audience: `${STS},vault.example.com`,
        ...lifetime(603),
      }),
      succeeds(createToken('app/app', { expirationSeconds: 600 }), { audience: STS, ...lifetime(600) }),
      // A pod's token for the API requests this lifetime and gets a longer one; other tokens do not.
      ...[{}, { audience: [] }, { boundTo: 'app' }].map((options) =>
        succeeds(createToken('app/app', { ...options, expirationSeconds: 3607 }), lifetime(3607)),
      ),
      succeeds(createToken('app/app', { audience: [], boundTo: 'app', expirationSeconds: 3607 }), {
        lifetimeSeconds: between(86_399, 366 * 86_400),
      }),
      succeeds(createToken('app/app', { audience: [API, STS], boundTo: 'app', expirationSeconds: 3607 }), {
        audience: `${API},${STS}`,
        ...lifetime(3607),
      }),
      fails(createToken('app/app', { expirationSeconds: 599 }), { ...INVALID, message: 'spec.expirationSeconds' }),
      succeeds(createToken('app/app', { boundTo: 'app' }), {
        pod: '<pod:app>',
        podUid: '<pod-uid:app>',
        node: matching(/./),
        secret: isAbsent,
      }),
      // The API version may be omitted.
      ...[{ uid: '<pod-uid:app>' }, { apiVersion: '' }].map((boundObject) =>
        succeeds(createToken('app/app', { boundTo: 'app', boundObject }), { podUid: '<pod-uid:app>' }),
      ),
      succeeds(createToken('app/app', { boundObject: { kind: 'Secret', name: 'conformance-tokens' } }), {
        secret: 'conformance-tokens',
        pod: isAbsent,
        node: isAbsent,
      }),
      fails(createToken('app/app', { boundObject: { kind: 'Secret', name: 'none' } }), NOT_FOUND),
      fails(createToken('app/app', { boundTo: 'app', boundObject: { apiVersion: 'apps/v1' } }), BAD_REQUEST),
      fails(createToken('app/app', { boundTo: 'app', boundObject: { kind: 'Deployment' } }), BAD_REQUEST),
      fails(createToken('app/app', { boundTo: 'app', boundObject: { uid: NOBODY } }), CONFLICT),
      fails(createToken('app/app', { boundObject: { kind: 'Pod', name: 'nobody' } }), NOT_FOUND),
      fails(createToken('app/app', { boundObject: { kind: 'ConfigMap', name: 'kube-root-ca.crt' } }), BAD_REQUEST),
      fails(createToken('app/nobody', {}), NOT_FOUND),
      check('each token of a pod has its own id', async (context) => {
        const spec = { boundObjectRef: { apiVersion: 'v1', kind: 'Pod', name: context.name('<pod:app>') } };
        const [one, two] = [await newToken(context, spec), await newToken(context, spec)];
        expect(readParts(one).jti).not.to.equal(readParts(two).jti);
      }),
      check('a review returns the requested audiences of the token', async (context) => {
        const token = await newToken(context, { audiences: [STS, 'vault.example.com'] });
        const review = await reviewOf(context, token, ['elsewhere.example.com', 'vault.example.com']);
        expect(review).to.deep.include({ authenticated: true, audiences: ['vault.example.com'] });
      }),
    ],
  });

  scenario('RB-43', 'a token request may name only its own service account', {
    source: 'Kubernetes source, pkg/registry/core/serviceaccount/storage/token.go; the UID since Kubernetes 1.34',
    workloads: { app: {}, other: { serviceAccount: 'other' } },
    probes: [
      check('a matching name, namespace and UID are accepted, others are rejected', async (context) => {
        const { kubernetes, name } = context;
        const version = JSON.parse((await kubernetes({ path: '/version' })).body) as { readonly minor: string };
        const account = name(`/api/v1/namespaces/${APP}/serviceaccounts/app`);
        const { metadata } = JSON.parse((await kubernetes({ path: account })).body) as {
          readonly metadata: { readonly uid: string };
        };
        const status = async (asked: object): Promise<number> => {
          const body = { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenRequest', metadata: asked, spec: {} };
          return (await kubernetes({ method: 'POST', path: `${account}/token`, body })).status;
        };
        const boundAccount = { name: 'app', namespace: name(APP), uid: metadata.uid };
        for (const asked of [
          {},
          boundAccount,
          { name: boundAccount.name },
          { namespace: boundAccount.namespace },
          { uid: boundAccount.uid },
        ])
          expect(await status(asked), JSON.stringify(asked)).to.equal(201);
        // Names that contain or extend the right one.
        for (const other of ['other', 'ap', 'app-1', 'app.app'])
          expect(await status({ ...boundAccount, name: other }), `name ${other}`).to.equal(422);
        for (const other of ['default', `${boundAccount.namespace}-1`, boundAccount.namespace.slice(0, -1)])
          expect(await status({ ...boundAccount, namespace: other }), `namespace ${other}`).to.be.oneOf([400, 422]);
        expect(await status({ ...boundAccount, uid: NOBODY }), 'the UID of another').to.equal(
          parseInt(version.minor) >= 34 ? 409 : 201,
        );
      }),
    ],
  });

  scenario('RB-01', 'only permitted users create tokens of a service account', {
    profile: 'core',
    source: 'Kubernetes documentation, "Using RBAC Authorization", subresources; TokenRequest API',
    workloads: { app: {} },
    users: { maker: TOKEN_MAKER, onlooker: ONLOOKER },
    probes: [
      controlSucceeds(createToken('app/app', { as: 'maker' })),
      fails(createToken('app/app', { as: 'onlooker' }), MAY_NOT_MAKE),
    ],
  });

  scenario('RB-04', 'a token cannot be bound to a pod of another service account', {
    source: 'Kubernetes source, pkg/registry/core/serviceaccount/storage/token.go',
    workloads: { app: {}, other: { serviceAccount: 'other' } },
    probes: [
      controlSucceeds(createToken('app/app', { audience: POD_IDENTITY, boundTo: 'app' })),
      fails(createToken('app/other', { audience: POD_IDENTITY, boundTo: 'app' }), {
        ...BAD_REQUEST,
        message: 'cannot bind token',
      }),
    ],
  });
});
