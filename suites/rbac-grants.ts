/** Who may grant what, and whom the API server takes a request's sender for. */
import {
  createToken,
  fails,
  kubernetesCreate,
  kubernetesGet,
  matching,
  reviewToken,
  isAbsent,
  succeeds,
  suite,
  type ScenarioSpec,
} from '../harness/index.ts';

const RBAC = 'Kubernetes documentation, "Using RBAC Authorization"';
const AUTHENTICATION = 'Kubernetes documentation, "Authenticating"';
const TOKENS = 'Kubernetes documentation, "Managing Service Accounts", bound service account tokens';
const TOKEN_REQUEST = 'Kubernetes API Reference, TokenRequest';

const FORBIDDEN = { by: 'kubernetes', code: 'Forbidden', status: 403 } as const;
const UNAUTHORIZED = { by: 'kubernetes', code: 'Unauthorized', status: 401 } as const;
const UNAUTHENTICATED = { by: 'kubernetes', code: 'Unauthenticated' } as const;
const BAD_REQUEST = { by: 'kubernetes', code: 'BadRequest', status: 400 } as const;
const GROUP = 'rbac.authorization.k8s.io';
const APP = '<namespace:app>';
const ROLES = `/apis/${GROUP}/v1/namespaces/${APP}/roles`;
const BINDINGS = `/apis/${GROUP}/v1/namespaces/${APP}/rolebindings`;
const JWKS = '/openid/v1/jwks';
const UID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
const STS = 'sts.amazonaws.com';

interface Rule {
  readonly apiGroups?: readonly string[];
  readonly resources: readonly string[];
  readonly resourceNames?: readonly string[];
  readonly verbs: readonly string[];
}

const role = (...rules: readonly Rule[]) => ({
  ...{ apiVersion: `${GROUP}/v1`, kind: 'Role', metadata: { name: 'made' } },
  rules: rules.map((rule) => ({ apiGroups: [''], ...rule })),
});

const binding = (kind: 'Role' | 'ClusterRole', name: string) => ({
  ...{ apiVersion: `${GROUP}/v1`, kind: 'RoleBinding', metadata: { name: 'made' } },
  roleRef: { apiGroup: GROUP, kind, name },
  subjects: [{ apiGroup: GROUP, kind: 'User', name: 'somebody' }],
});

const WRITER: readonly Rule[] = [
  { apiGroups: [GROUP], resources: ['roles', 'rolebindings'], verbs: ['create'] },
  { resources: ['pods'], verbs: ['get', 'list'] },
  { resources: ['configmaps', 'services'], verbs: ['get'] },
  { resources: ['secrets'], resourceNames: ['mine', 'ours'], verbs: ['get'] },
  { resources: ['pods/log'], verbs: ['get'] },
];
const READ_PODS: Rule = { resources: ['pods'], verbs: ['get'] };
const UNHELD: Rule = { resources: ['nodes'], verbs: ['get'] };

suite('rbac', ({ scenario }) => {
  const escalated = (verb: string, resource: string, resourceNames?: readonly string[]): readonly Rule[] => [
    ...WRITER,
    { apiGroups: [GROUP], resources: [resource], verbs: [verb], ...(resourceNames && { resourceNames }) },
  ];

  scenario('RB-27', 'nobody grants what they do not hold themselves, unless they may escalate or bind', {
    source: `${RBAC}, "Privilege escalation prevention and bootstrapping"`,
    workloads: { app: {} },
    users: {
      writer: { namespace: 'app', rules: WRITER },
      escalating: { namespace: 'app', rules: escalated('escalate', 'roles', ['made']) },
      escalatesOthers: { namespace: 'app', rules: escalated('escalate', 'roles', ['another']) },
      binder: { namespace: 'app', rules: escalated('bind', 'clusterroles', ['view']) },
      bindsRoles: { namespace: 'app', rules: escalated('bind', 'roles', ['escalating']) },
      cluster: { namespace: 'app', clusterRole: 'cluster-admin' },
    },
    probes: [
      ...(
        [
          [READ_PODS],
          [{ resources: ['pods'], verbs: ['list', 'get'] }],
          [{ resources: ['configmaps', 'services'], verbs: ['get'] }, READ_PODS],
          [{ resources: ['secrets'], resourceNames: ['mine'], verbs: ['get'] }],
          [{ resources: ['secrets'], resourceNames: ['ours', 'mine'], verbs: ['get'] }],
          [{ resources: ['pods'], resourceNames: ['one'], verbs: ['get'] }],
          [{ resources: ['pods/log'], verbs: ['get'] }],
          [],
        ] satisfies readonly Rule[][]
      ).map((rules) => succeeds(kubernetesCreate(ROLES, role(...rules), { user: 'writer' }))),
      ...(
        [
          [{ resources: ['pods'], verbs: ['get', 'watch'] }],
          [{ resources: ['pods'], verbs: ['*'] }],
          [{ resources: ['*'], verbs: ['get'] }],
          [{ resources: ['pods', 'nodes'], verbs: ['get'] }],
          [{ apiGroups: ['*'], resources: ['pods'], verbs: ['get'] }],
          [{ apiGroups: ['', 'apps'], resources: ['pods'], verbs: ['get'] }],
          [READ_PODS, UNHELD],
          [{ resources: ['secrets'], verbs: ['get'] }],
          [{ resources: ['secrets'], resourceNames: ['mine', 'others'], verbs: ['get'] }],
          [{ resources: ['pods/exec'], verbs: ['get'] }],
          [{ resources: ['pods/*'], verbs: ['get'] }],
          [{ resources: ['configmaps/log'], verbs: ['get'] }],
        ] satisfies readonly Rule[][]
      ).map((rules) => fails(kubernetesCreate(ROLES, role(...rules), { user: 'writer' }), FORBIDDEN)),
      succeeds(kubernetesCreate(ROLES, role(UNHELD), { user: 'escalating' })),
      fails(kubernetesCreate(ROLES, role(UNHELD), { user: 'escalatesOthers' }), FORBIDDEN),
      succeeds(kubernetesCreate(ROLES, role(UNHELD), { user: 'cluster' })),

      succeeds(kubernetesCreate(BINDINGS, binding('Role', 'writer'), { user: 'writer' })),
      fails(kubernetesCreate(BINDINGS, binding('Role', 'escalating'), { user: 'writer' }), FORBIDDEN),
      fails(kubernetesCreate(BINDINGS, binding('ClusterRole', 'view'), { user: 'writer' }), FORBIDDEN),
      succeeds(kubernetesCreate(BINDINGS, binding('ClusterRole', 'view'), { user: 'binder' })),
      fails(kubernetesCreate(BINDINGS, binding('ClusterRole', 'edit'), { user: 'binder' }), FORBIDDEN),
      fails(kubernetesCreate(BINDINGS, binding('Role', 'escalating'), { user: 'binder' }), FORBIDDEN),
      succeeds(kubernetesCreate(BINDINGS, binding('Role', 'escalating'), { user: 'bindsRoles' })),
      fails(kubernetesCreate(BINDINGS, binding('ClusterRole', 'view'), { user: 'bindsRoles' }), FORBIDDEN),
      succeeds(kubernetesCreate(BINDINGS, binding('ClusterRole', 'edit'), { user: 'cluster' })),
      // Members of system:masters hold everything.
      succeeds(kubernetesCreate(BINDINGS, binding('ClusterRole', 'edit'), { user: 'writer', group: 'system:masters' })),
    ],
  });

  const accounts = `system:serviceaccount:${APP}`;
  const groups = (...others: readonly string[]): string =>
    [...others, 'system:authenticated', 'system:serviceaccounts', `system:serviceaccounts:${APP}`].join();

  scenario('RB-28', 'a token stands for its service account and pod, and for nothing once it is changed', {
    source: `${AUTHENTICATION}, service account tokens; ${TOKENS}`,
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
      fails(reviewToken('sts', { audience: ['vault.example.com', 'elsewhere.example.com'] }), UNAUTHENTICATED),
      fails(reviewToken('sts'), UNAUTHENTICATED),
    ],
  });

  scenario('RB-29', 'a token is made for the audiences, the time and the object that are asked for', {
    source: `${TOKEN_REQUEST}, audiences, expirationSeconds and boundObjectRef`,
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
      fails(createToken('app/app', { expirationSeconds: 599 }), { by: 'kubernetes', code: 'Invalid', status: 422 }),
      succeeds(createToken('app/app', { boundTo: 'app' }), {
        ...{ pod: '<pod:app>', podUid: '<pod-uid:app>', node: matching(/./), secret: isAbsent },
      }),
      succeeds(createToken('app/app', { boundTo: 'app', boundObject: { uid: '<pod-uid:app>' } }), {
        podUid: '<pod-uid:app>',
      }),
      succeeds(createToken('app/app', { boundObject: { kind: 'Secret', name: 'conformance-tokens' } }), {
        ...{ secret: 'conformance-tokens', pod: isAbsent, node: isAbsent },
      }),
      fails(createToken('app/app', { boundObject: { kind: 'Secret', name: 'none' } }), {
        ...{ by: 'kubernetes', code: 'NotFound', status: 404 },
      }),
      fails(createToken('app/app', { boundTo: 'app', boundObject: { apiVersion: 'apps/v1' } }), BAD_REQUEST),
      fails(createToken('app/app', { boundTo: 'app', boundObject: { kind: 'Deployment' } }), BAD_REQUEST),
      fails(createToken('app/other', { boundTo: 'app' }), BAD_REQUEST),
    ],
  });

  const whoIs = { apiVersion: 'authentication.k8s.io/v1', kind: 'SelfSubjectReview' };
  const SELF = '/apis/authentication.k8s.io/v1/selfsubjectreviews';
  type Asker = Parameters<typeof kubernetesCreate>[2];
  const selfIs = (as: Asker, ...parts: readonly RegExp[]): ScenarioSpec['probes'] =>
    parts.map((part) => succeeds(kubernetesCreate(SELF, whoIs, as), { body: matching(part) }));

  scenario('RB-30', 'who may impersonate acts as the user, the group and the UID of the request', {
    source: `${AUTHENTICATION}, user impersonation; Kubernetes API Reference, SelfSubjectReview`,
    workloads: { app: {}, other: { serviceAccount: 'other' } },
    users: {
      reader: { namespace: 'app', rules: [{ resources: ['pods'], verbs: ['list'] }] },
      actor: {
        namespace: 'app',
        serviceAccount: 'app/app',
        rules: [{ resources: ['serviceaccounts'], resourceNames: ['other'], verbs: ['impersonate'] }],
      },
    },
    tokens: { actor: { serviceAccount: 'app/app' } },
    probes: [
      ...selfIs({ token: 'actor' }, text(`"username": *"${accounts}:app"`), text(`"system:serviceaccounts:${APP}"`)),
      ...selfIs(
        { token: 'actor', impersonate: `${accounts}:other` },
        ...[text(`"username": *"${accounts}:other"`), text(`"system:serviceaccounts:${APP}"`)],
        ...[/"system:serviceaccounts"/, /"system:authenticated"/],
      ),
      ...selfIs(
        { user: 'reader', group: 'auditors', uid: '1234-5678' },
        ...[/"uid": *"1234-5678"/, /"auditors"/, /"system:authenticated"/],
      ),
      fails(kubernetesGet(JWKS, { user: 'reader' }), FORBIDDEN),
      succeeds(kubernetesGet(JWKS, { user: 'reader', group: 'system:serviceaccounts' })),
      fails(kubernetesGet('/api/v1/nodes', { user: 'reader', group: 'auditors' }), FORBIDDEN),
      succeeds(kubernetesGet('/api/v1/nodes', { user: 'reader', group: 'system:masters' })),
      // Groups and UIDs need a right of their own.
      fails(kubernetesGet(JWKS, { token: 'actor', impersonate: `${accounts}:other`, group: 'system:masters' }), {
        ...FORBIDDEN,
        message: 'cannot impersonate resource "groups"',
      }),
      fails(kubernetesGet(JWKS, { token: 'actor', impersonate: `${accounts}:other`, uid: '1234-5678' }), {
        ...FORBIDDEN,
        message: 'cannot impersonate resource "uids"',
      }),
      // Names of a service account in other forms are users' names.
      ...[`${accounts}:other:more`, `${accounts}:`, 'system:serviceaccount:other'].map((impersonate) =>
        fails(kubernetesGet(JWKS, { token: 'actor', impersonate }), {
          ...FORBIDDEN,
          message: 'cannot impersonate resource "users"',
        }),
      ),
    ],
  });
});

function text(pattern: string): RegExp {
  return new RegExp(pattern);
}
