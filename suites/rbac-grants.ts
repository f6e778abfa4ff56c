/** Who may grant what, and as whom a request may act. */
import { expect } from 'chai';
import {
  check,
  fails,
  kubernetesCreate,
  kubernetesGet,
  matching,
  succeeds,
  suite,
  type ScenarioSpec,
} from '../harness/index.ts';
import { GROUP, ofCore, SELF_REVIEW, type Rule } from './lib/rbac.ts';
import { JWKS } from './lib/signing-keys.ts';
import { FORBIDDEN } from './lib/outcomes.ts';
import { AUTHENTICATION, RBAC } from './lib/sources.ts';

const NOT_FOUND = { by: 'kubernetes', code: 'NotFound', status: 404 } as const;
const APP = '<namespace:app>';
const ROLES = `/apis/${GROUP}/v1/namespaces/${APP}/roles`;
const BINDINGS = `/apis/${GROUP}/v1/namespaces/${APP}/rolebindings`;

const role = (...rules: readonly Rule[]) => ({
  ...{ apiVersion: `${GROUP}/v1`, kind: 'Role', metadata: { name: 'made' } },
  rules: rules.map(ofCore),
});

const binding = (kind: 'Role' | 'ClusterRole', name: string) => ({
  ...{ apiVersion: `${GROUP}/v1`, kind: 'RoleBinding', metadata: { name: 'made' } },
  roleRef: { apiGroup: GROUP, kind, name },
  subjects: [{ apiGroup: GROUP, kind: 'User', name: 'somebody' }],
});

const WRITER: readonly Rule[] = [
  { apiGroups: [GROUP], resources: ['roles', 'rolebindings'], verbs: ['create'] },
  { resources: ['pods'], verbs: ['get'] },
  { resources: ['pods'], verbs: ['list'] },
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
    workloads: { app: {}, other: { namespace: 'other' } },
    users: {
      writer: { namespace: 'app', rules: WRITER },
      escalating: { namespace: 'app', rules: escalated('escalate', 'roles') },
      // A new object has no name when it is decided who may make it.
      escalatesNamed: { namespace: 'app', rules: escalated('escalate', 'roles', ['made']) },
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
          [{ resources: ['secrets'], resourceNames: [], verbs: ['get'] }],
          [{ resources: ['secrets'], resourceNames: ['mine', 'others'], verbs: ['get'] }],
          [{ resources: ['pods/exec'], verbs: ['get'] }],
          [{ resources: ['pods/*'], verbs: ['get'] }],
          [{ resources: ['configmaps/log'], verbs: ['get'] }],
        ] satisfies readonly Rule[][]
      ).map((rules) => fails(kubernetesCreate(ROLES, role(...rules), { user: 'writer' }), FORBIDDEN)),
      succeeds(kubernetesCreate(ROLES, role(UNHELD), { user: 'escalating' })),
      fails(kubernetesCreate(ROLES, role(UNHELD), { user: 'escalatesNamed' }), FORBIDDEN),
      succeeds(kubernetesCreate(ROLES, role(UNHELD), { user: 'cluster' })),

      succeeds(kubernetesCreate(BINDINGS, binding('Role', 'writer'), { user: 'writer' })),
      fails(kubernetesCreate(BINDINGS, binding('Role', 'escalating'), { user: 'writer' }), FORBIDDEN),
      fails(kubernetesCreate(BINDINGS, binding('ClusterRole', 'view'), { user: 'writer' }), FORBIDDEN),
      succeeds(kubernetesCreate(BINDINGS, binding('ClusterRole', 'view'), { user: 'binder' })),
      fails(kubernetesCreate(BINDINGS, binding('ClusterRole', 'edit'), { user: 'binder' }), FORBIDDEN),
      fails(kubernetesCreate(BINDINGS, binding('Role', 'escalating'), { user: 'binder' }), FORBIDDEN),
      succeeds(kubernetesCreate(BINDINGS, binding('Role', 'escalating'), { user: 'bindsRoles' })),
      fails(kubernetesCreate(BINDINGS, binding('ClusterRole', 'view'), { user: 'bindsRoles' }), FORBIDDEN),
      // Paths are held as resources are: everybody holds these, and service accounts alone those.
      succeeds(kubernetesCreate(BINDINGS, binding('ClusterRole', 'system:discovery'), { user: 'writer' })),
      fails(
        kubernetesCreate(BINDINGS, binding('ClusterRole', 'system:service-account-issuer-discovery'), {
          user: 'writer',
        }),
        FORBIDDEN,
      ),
      fails(kubernetesCreate(BINDINGS, binding('ClusterRole', 'cluster-admin'), { user: 'writer' }), FORBIDDEN),
      // What there is not cannot be looked at.
      ...(['Role', 'ClusterRole'] as const).map((kind) =>
        fails(kubernetesCreate(BINDINGS, binding(kind, 'conformance-none'), { user: 'writer' }), NOT_FOUND),
      ),
      succeeds(kubernetesCreate(BINDINGS, binding('ClusterRole', 'edit'), { user: 'cluster' })),
      // Members of system:masters hold everything.
      succeeds(kubernetesCreate(BINDINGS, binding('ClusterRole', 'edit'), { user: 'writer', group: 'system:masters' })),
      succeeds(
        kubernetesCreate(BINDINGS, binding('ClusterRole', 'cluster-admin'), {
          user: 'writer',
          group: 'system:masters',
        }),
      ),
      check('a role that there is can be named where one may escalate', async ({ eventually, kubernetes, name }) => {
        const [roles, bindings] = [name(ROLES), name(BINDINGS)];
        const changer = name(`${APP}-changer`);
        const made = { apiVersion: `${GROUP}/v1`, kind: 'Role', rules: [READ_PODS].map(ofCore) };
        for (const role of ['named', 'unnamed'])
          await kubernetes({ method: 'POST', path: roles, body: { ...made, metadata: { name: role } } });
        const rules = [
          { apiGroups: [GROUP], resources: ['roles'], verbs: ['update'] },
          { apiGroups: [GROUP], resources: ['rolebindings'], verbs: ['create', 'update'] },
          { apiGroups: [GROUP], resources: ['roles'], resourceNames: ['named'], verbs: ['escalate'] },
        ];
        await kubernetes({ method: 'POST', path: roles, body: { ...made, metadata: { name: 'changer' }, rules } });
        await kubernetes({
          ...{ method: 'POST', path: bindings },
          body: {
            ...{ ...binding('Role', 'changer'), metadata: { name: 'changer' } },
            subjects: [{ apiGroup: GROUP, kind: 'User', name: changer }],
          },
        });
        // A role without rules, and a binding without subjects, are nothing to anybody.
        await kubernetes({
          ...{ method: 'POST', path: roles },
          body: { ...made, metadata: { name: 'empty' }, rules: null },
        });
        // And a role that is gone grants nothing.
        await kubernetes({ method: 'POST', path: roles, body: { ...made, metadata: { name: 'gone' } } });
        const ofGone = {
          ...{ ...binding('Role', 'gone'), metadata: { name: 'gone' } },
          subjects: [{ apiGroup: GROUP, kind: 'User', name: changer }],
        };
        expect(await kubernetes({ method: 'POST', path: bindings, body: ofGone })).to.include({ status: 201 });
        expect(await kubernetes({ method: 'DELETE', path: `${roles}/gone` })).to.include({ status: 200 });
        // Nor does one of its name in another namespace.
        const elsewhere = roles.replace(name(APP), name('<namespace:other>'));
        const other = { ...made, metadata: { name: 'gone' } };
        expect(await kubernetes({ method: 'POST', path: elsewhere, body: other })).to.include({ status: 201 });
        const ofEmpty = binding('Role', 'empty');
        await kubernetes({
          ...{ method: 'POST', path: bindings },
          body: { ...ofEmpty, metadata: { name: 'nobody' }, subjects: undefined },
        });
        const update = async (role: string, verbs: readonly string[]): Promise<number> => {
          const body = { ...made, metadata: { name: role }, rules: [{ ...UNHELD, verbs }].map(ofCore) };
          const path = `${roles}/${role}?dryRun=All`;
          return (await kubernetes({ method: 'PUT', path, body, headers: { 'Impersonate-User': changer } })).status;
        };
        // An API server's authorizer learns of a binding a little later.
        await eventually(
          () => update('named', ['get']),
          (status) => status !== 403,
        );
        expect(await update('named', ['get', 'list'])).to.equal(200);
        expect(await update('unnamed', ['get'])).to.equal(403);
        const headers = { 'Impersonate-User': changer };
        const pods = await kubernetes({ path: name(`/api/v1/namespaces/${APP}/pods/none`), headers });
        expect(pods.status, 'reading pods by a role that is gone').to.equal(403);
        // Nor is there anything to hold.
        const bound = await kubernetes({ method: 'POST', path: `${bindings}?dryRun=All`, body: ofEmpty, headers });
        expect(bound.status).to.equal(201);
        // A binding that there is takes no more subjects, unless one holds what they are given, and no other role.
        const rebind = async (of: string, to: string, more: object = { headers }): Promise<number> => {
          const body = { ...binding('Role', to), metadata: { name: of } };
          return (await kubernetes({ method: 'PUT', path: `${bindings}/${of}?dryRun=All`, body, ...more })).status;
        };
        expect(await rebind('nobody', 'empty')).to.equal(200);
        expect(await rebind('escalating', 'escalating')).to.equal(403);
        expect(await rebind('nobody', 'unnamed', {})).to.equal(422);
      }),
    ],
  });

  const accounts = `system:serviceaccount:${APP}`;
  const whatMay = {
    ...{ apiVersion: 'authorization.k8s.io/v1', kind: 'SelfSubjectRulesReview' },
    spec: { namespace: APP },
  };
  const RULES = '/apis/authorization.k8s.io/v1/selfsubjectrulesreviews';
  const MAY = '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews';
  const mayList = (resource: string) => ({
    ...{ apiVersion: 'authorization.k8s.io/v1', kind: 'SelfSubjectAccessReview' },
    spec: { user: 'x', groups: ['system:masters'], resourceAttributes: { namespace: APP, verb: 'list', resource } },
  });
  type Asker = Parameters<typeof kubernetesCreate>[2];
  const selfIs = (as: Asker, ...parts: readonly RegExp[]): ScenarioSpec['probes'] =>
    parts.map((part) => succeeds(kubernetesCreate(SELF_REVIEW.path, SELF_REVIEW.body, as), { body: matching(part) }));

  scenario('RB-30', 'who may impersonate acts as the user, the group and the UID of the request', {
    source: `${AUTHENTICATION}, user impersonation; Kubernetes source, apiserver, endpoints/filters/impersonation; Kubernetes API Reference, SelfSubjectReview, SelfSubjectAccessReview and SelfSubjectRulesReview`,
    workloads: { app: {}, other: { serviceAccount: 'other' } },
    users: {
      reader: {
        namespace: 'app',
        rules: [
          { resources: ['pods'], verbs: ['list'] },
          { resources: ['secrets'], resourceNames: ['mine'], verbs: ['get'] },
        ],
      },
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
      succeeds(kubernetesCreate(RULES, whatMay, { user: 'reader' }), { body: matching(/"resources": *\["pods"\]/) }),
      succeeds(kubernetesCreate(RULES, whatMay, { user: 'reader' }), {
        body: matching(/"resourceNames": *\["mine"\]/),
      }),
      // Whoever it says, the review is of who asks.
      ...(['pods', 'nodes'] as const).map((resource) =>
        succeeds(kubernetesCreate(MAY, mayList(resource), { user: 'reader' }), {
          body: matching(text(`"allowed": *${String(resource === 'pods')}`)),
        }),
      ),
      ...[/"resources": *\["\*"\]/, /"nonResourceURLs": *\["\*"\]/].map((all) =>
        succeeds(kubernetesCreate(RULES, whatMay, { user: 'reader', group: 'system:masters' }), {
          body: matching(all),
        }),
      ),
      // Groups and UIDs need a right of their own.
      fails(kubernetesGet(JWKS, { token: 'actor', impersonate: `${accounts}:other`, group: 'system:masters' }), {
        ...FORBIDDEN,
        message: 'cannot impersonate resource "groups"',
      }),
      fails(kubernetesGet(JWKS, { token: 'actor', impersonate: `${accounts}:other`, uid: '1234-5678' }), {
        ...FORBIDDEN,
        message: 'cannot impersonate resource "uids"',
      }),
      // Nobody in a group, or of a UID, is nobody.
      ...[{ group: 'auditors' }, { uid: '1234-5678' }].map((part) =>
        fails(kubernetesGet(JWKS, { token: 'actor', ...part }), {
          ...{ by: 'kubernetes', code: '500', status: 500 },
          message: 'without impersonating a user',
        }),
      ),
      check('who acts as nobody is not authenticated', async ({ kubernetes }) => {
        const anonymous = { 'Impersonate-User': 'system:anonymous' };
        const status = async (path: string): Promise<number> => (await kubernetes({ path, headers: anonymous })).status;
        expect(await status('/version')).to.equal(200);
        expect(await status('/api')).to.equal(403);
        const answer = await kubernetes({ method: 'POST', ...SELF_REVIEW, headers: anonymous });
        expect(answer.status).to.equal(403);
      }),
      check('a service account that acts in groups of the request is in no others', async ({ kubernetes, name }) => {
        const headers = { 'Impersonate-User': name(`${accounts}:other`), 'Impersonate-Group': 'auditors' };
        const { body } = await kubernetes({ method: 'POST', ...SELF_REVIEW, headers });
        const { status } = JSON.parse(body) as {
          readonly status: { readonly userInfo: { readonly groups: string[] } };
        };
        expect(status.userInfo.groups).to.have.members(['auditors', 'system:authenticated']);
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
