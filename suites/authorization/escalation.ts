/** Who may grant rights: escalate and bind. */
import { expect } from 'chai';
import { check, fails, kubernetesCreate, succeeds, suite } from '../../harness/index.ts';
import {
  CLUSTER_ROLE_BINDINGS,
  object,
  CLUSTER_ROLES,
  roleRefTo,
  rulesOf,
  withRights,
  type ClusterRule,
} from './lib/rights.ts';
import { FORBIDDEN } from '../lib/outcomes.ts';
import { GROUP, ofCore, type Rule } from '../lib/rbac.ts';
import { RBAC } from '../lib/sources.ts';

const APP = '<namespace:app>';
const user = (name: string) => ({ apiGroup: GROUP, kind: 'User', name });
const NOT_FOUND = { by: 'kubernetes', code: 'NotFound', status: 404 } as const;
const ROLES = `/apis/${GROUP}/v1/namespaces/${APP}/roles`;
const BINDINGS = `/apis/${GROUP}/v1/namespaces/${APP}/rolebindings`;
const role = (...rules: readonly Rule[]) => ({
  apiVersion: `${GROUP}/v1`,
  kind: 'Role',
  metadata: { name: 'made' },
  rules: rules.map(ofCore),
});
const binding = (kind: 'Role' | 'ClusterRole', name: string) => ({
  apiVersion: `${GROUP}/v1`,
  kind: 'RoleBinding',
  metadata: { name: 'made' },
  roleRef: { apiGroup: GROUP, kind, name },
  subjects: [user('somebody')],
});
const mayBind = (user: string, kind: 'Role' | 'ClusterRole', name: string) =>
  succeeds(kubernetesCreate(BINDINGS, binding(kind, name), { user }));
const mayNotBind = (user: string, kind: 'Role' | 'ClusterRole', name: string) =>
  fails(kubernetesCreate(BINDINGS, binding(kind, name), { user }), FORBIDDEN);
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

suite('authorization', ({ scenario }) => {
  const escalated = (verb: string, resource: string, resourceNames?: readonly string[]): readonly Rule[] => [
    ...WRITER,
    { apiGroups: [GROUP], resources: [resource], verbs: [verb], ...(resourceNames && { resourceNames }) },
  ];

  scenario('RB-38', 'a user who may write cluster roles can grant only rights held in the whole cluster', {
    source:
      'Kubernetes documentation, "Using RBAC Authorization", RoleBinding and ClusterRoleBinding, referring to resources, privilege escalation prevention and bootstrapping',
    needs: ['own-cluster'],
    workloads: { app: {} },
    probes: [
      check('rights in a namespace do not extend to the cluster', async (context) => {
        const { kubernetes, name, eventually } = context;
        const granter = name(`${APP}-granter`);
        const [roles, bindings] = [name(ROLES), name(BINDINGS)];
        const headers = { 'Impersonate-User': granter };
        const rules: readonly ClusterRule[] = [
          { apiGroups: [GROUP], resources: ['roles', 'rolebindings'], verbs: ['create'] },
          { apiGroups: [GROUP], resources: ['clusterroles', 'clusterrolebindings'], verbs: ['create'] },
          { resources: ['pods'], verbs: ['get', 'list'] },
          { nonResourceURLs: ['/metrics', '/conformance/*'], verbs: ['get'] },
        ];
        const inNamespace: readonly ClusterRule[] = [
          { resources: ['secrets'], verbs: ['get', 'list'] },
          { apiGroups: [GROUP], resources: ['clusterroles'], resourceNames: ['view'], verbs: ['bind'] },
          { apiGroups: [GROUP], resources: ['clusterroles'], verbs: ['escalate'] },
        ];
        await withRights(context, { rules, subject: user(granter) }, async (role) => {
          const get = async (path: string): Promise<number> => (await kubernetes({ path, headers })).status;
          const post = async (path: string, body: object): Promise<number> =>
            (await kubernetes({ method: 'POST', path: `${path}?dryRun=All`, body, headers })).status;
          const grant = (path: string, kind: string, ...rules: readonly ClusterRule[]) =>
            post(path, object(kind, name(`${APP}-made`), { rules: rulesOf(rules) }));
          const bind = (path: string, kind: string, to: string, subject: object = user('somebody')) =>
            post(path, object(kind, name(`${APP}-made`), { ...roleRefTo('ClusterRole', to), subjects: [subject] }));
          const secrets: ClusterRule = { resources: ['secrets'], verbs: ['get'] };
          const paths = (...nonResourceURLs: readonly string[]): ClusterRule => ({ nonResourceURLs, verbs: ['get'] });
          const getPods = () => get('/api/v1/namespaces/kube-system/pods');
          expect(await eventually(getPods, (status) => status !== 403), 'pods of kube-system').to.equal(200);
          expect(await get('/api/v1/pods?limit=1'), 'all pods').to.equal(200);
          expect(await get('/metrics'), '/metrics').to.equal(200);
          expect(await get('/conformance/none'), '/conformance/none').to.equal(404);
          const secretsOfApp = name(`/api/v1/namespaces/${APP}/secrets`);
          for (const path of ['/metrics/none', '/conformance', '/conformances', secretsOfApp])
            expect(await get(path), path).to.equal(403);
          for (const [rule, status] of [
            [{ resources: ['pods'], verbs: ['get'] }, 201],
            [{ resources: ['pods'], verbs: ['get', 'watch'] }, 403],
            [secrets, 403],
            [paths('/metrics', '/conformance/*'), 201],
            [paths('/conformance/some'), 201],
            [paths('/conformance/some/*'), 201],
            [paths('/metrics/some'), 403],
            [paths('/metrics', '/conformance'), 403],
            [paths('*'), 403],
            [{ ...paths('/metrics'), verbs: ['post'] }, 403],
          ] as const)
            expect(await grant(CLUSTER_ROLES, 'ClusterRole', rule), JSON.stringify(rule)).to.equal(status);
          expect(await grant(roles, 'Role', secrets), 'before the user holds the right').to.equal(403);
          expect(await bind(bindings, 'RoleBinding', 'view'), 'before the user may bind the role').to.equal(403);

          for (const [path, body] of [
            [roles, object('Role', 'here', { rules: rulesOf(inNamespace) })],
            [bindings, object('RoleBinding', 'here', { ...roleRefTo('Role', 'here'), subjects: [user(granter)] })],
          ] as const)
            expect(await kubernetes({ method: 'POST', path, body }), path).to.include({ status: 201 });
          const isHeld = () => grant(roles, 'Role', secrets);
          expect(await eventually(isHeld, (status) => status !== 403), 'a right that the user holds').to.equal(201);
          expect(await get('/api/v1/namespaces/kube-system/secrets'), 'secrets of kube-system').to.equal(403);
          expect(await grant(CLUSTER_ROLES, 'ClusterRole', secrets), 'the right in all namespaces').to.equal(403);
          for (const [path, kind, to, status] of [
            [bindings, 'RoleBinding', 'view', 201],
            [bindings, 'RoleBinding', 'edit', 403],
            [CLUSTER_ROLE_BINDINGS, 'ClusterRoleBinding', 'view', 403],
            [CLUSTER_ROLE_BINDINGS, 'ClusterRoleBinding', 'cluster-admin', 403],
            [CLUSTER_ROLE_BINDINGS, 'ClusterRoleBinding', role, 201],
            [CLUSTER_ROLE_BINDINGS, 'ClusterRoleBinding', 'conformance-none', 404],
          ] as const)
            expect(await bind(path, kind, to), `${kind} to ${to}`).to.equal(status);
          // An existing binding cannot change its role.
          for (const [to, status] of [
            [role, 200],
            ['view', 422],
          ] as const) {
            const toGranter = { ...roleRefTo('ClusterRole', to), subjects: [user(granter)] };
            const body = object('ClusterRoleBinding', role, toGranter);
            const path = `${CLUSTER_ROLE_BINDINGS}/${role}?dryRun=All`;
            expect(await kubernetes({ method: 'PUT', path, body }), `a binding to ${to}`).to.include({ status });
          }
          // A cluster-scoped binding must name the namespace of a service account.
          const account = { kind: 'ServiceAccount', name: 'app' };
          const unnamed = await bind(CLUSTER_ROLE_BINDINGS, 'ClusterRoleBinding', role, account);
          expect(unnamed, 'a service account without a namespace').to.equal(422);
        });
      }),
      check('a local review accepts only its own namespace', async ({ kubernetes, name }) => {
        const group = 'authorization.k8s.io';
        const path = name(`/apis/${group}/v1/namespaces/${APP}/localsubjectaccessreviews`);
        const review = async (groups: readonly string[], namespace: string): Promise<unknown> => {
          const resourceAttributes = { verb: 'get', resource: 'pods', namespace: name(namespace) };
          const { status, body } = await kubernetes({
            method: 'POST',
            path,
            body: {
              apiVersion: `${group}/v1`,
              kind: 'LocalSubjectAccessReview',
              metadata: { namespace: name(APP) },
              spec: { user: 'somebody', groups, resourceAttributes },
            },
          });
          return status === 201 ? (JSON.parse(body) as { status: { allowed: boolean } }).status.allowed : status;
        };
        expect(await review(['system:masters'], APP), 'system:masters').to.equal(true);
        expect(await review(['system:authenticated'], APP), 'system:authenticated').to.equal(false);
        expect(await review(['system:masters'], 'default'), 'another namespace').to.be.oneOf([400, 422]);
      }),
    ],
  });

  scenario('RB-27', 'a user without escalate or bind can grant only rights that they hold', {
    source: `${RBAC}, "Privilege escalation prevention and bootstrapping"`,
    workloads: { app: {}, other: { namespace: 'other' } },
    users: {
      writer: { namespace: 'app', rules: WRITER },
      escalating: { namespace: 'app', rules: escalated('escalate', 'roles') },
      // A new object has no name during authorization, so resourceNames cannot match it.
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

      mayBind('writer', 'Role', 'writer'),
      mayNotBind('writer', 'Role', 'escalating'),
      mayNotBind('writer', 'ClusterRole', 'view'),
      mayBind('binder', 'ClusterRole', 'view'),
      mayNotBind('binder', 'ClusterRole', 'edit'),
      mayNotBind('binder', 'Role', 'escalating'),
      mayBind('bindsRoles', 'Role', 'escalating'),
      mayNotBind('bindsRoles', 'ClusterRole', 'view'),
      // Rights to paths count like rights to resources. Everybody holds the first; only service accounts hold the second.
      mayBind('writer', 'ClusterRole', 'system:discovery'),
      mayNotBind('writer', 'ClusterRole', 'system:service-account-issuer-discovery'),
      mayNotBind('writer', 'ClusterRole', 'cluster-admin'),
      // The API server cannot check the rules of a missing role.
      ...(['Role', 'ClusterRole'] as const).map((kind) =>
        fails(kubernetesCreate(BINDINGS, binding(kind, 'conformance-none'), { user: 'writer' }), NOT_FOUND),
      ),
      mayBind('cluster', 'ClusterRole', 'edit'),
      // Members of system:masters hold all rights.
      ...['edit', 'cluster-admin'].map((role) => {
        const asMaster = { user: 'writer', group: 'system:masters' };
        return succeeds(kubernetesCreate(BINDINGS, binding('ClusterRole', role), asMaster));
      }),
      check('escalate can be limited to an existing role by name', async ({ eventually, kubernetes, name }) => {
        const [roles, bindings] = [name(ROLES), name(BINDINGS)];
        const changer = name(`${APP}-changer`);
        const made = { apiVersion: `${GROUP}/v1`, kind: 'Role', rules: [READ_PODS].map(ofCore) };
        const post = (path: string, body: object) => kubernetes({ method: 'POST', path, body });
        const makeRole = (role: string, more = {}) => post(roles, { ...made, metadata: { name: role }, ...more });
        const bindChanger = (role: string) =>
          post(bindings, { ...binding('Role', role), metadata: { name: role }, subjects: [user(changer)] });
        for (const role of ['named', 'unnamed']) await makeRole(role);
        const rules = [
          { apiGroups: [GROUP], resources: ['roles'], verbs: ['update'] },
          { apiGroups: [GROUP], resources: ['rolebindings'], verbs: ['create', 'update'] },
          { apiGroups: [GROUP], resources: ['roles'], resourceNames: ['named'], verbs: ['escalate'] },
        ];
        await makeRole('changer', { rules });
        await bindChanger('changer');
        // A role without rules, and a binding without subjects, grant nothing.
        await makeRole('empty', { rules: null });
        // A deleted role grants nothing.
        await makeRole('gone');
        expect(await bindChanger('gone')).to.include({ status: 201 });
        expect(await kubernetes({ method: 'DELETE', path: `${roles}/gone` })).to.include({ status: 200 });
        // Neither does a role with the same name in another namespace.
        const elsewhere = roles.replace(name(APP), name('<namespace:other>'));
        expect(await post(elsewhere, { ...made, metadata: { name: 'gone' } })).to.include({ status: 201 });
        const ofEmpty = binding('Role', 'empty');
        await post(bindings, { ...ofEmpty, metadata: { name: 'nobody' }, subjects: undefined });
        const update = async (role: string, verbs: readonly string[]): Promise<number> => {
          const body = { ...made, metadata: { name: role }, rules: [{ ...UNHELD, verbs }].map(ofCore) };
          const path = `${roles}/${role}?dryRun=All`;
          return (await kubernetes({ method: 'PUT', path, body, headers: { 'Impersonate-User': changer } })).status;
        };
        // The authorizer sees a new binding with a delay.
        await eventually(
          () => update('named', ['get']),
          (status) => status !== 403,
        );
        expect(await update('named', ['get', 'list'])).to.equal(200);
        expect(await update('unnamed', ['get'])).to.equal(403);
        const headers = { 'Impersonate-User': changer };
        const pods = await kubernetes({ path: name(`/api/v1/namespaces/${APP}/pods/none`), headers });
        expect(pods.status, 'reading pods by a deleted role').to.equal(403);
        // Binding an empty role requires no rights.
        const bound = await kubernetes({ method: 'POST', path: `${bindings}?dryRun=All`, body: ofEmpty, headers });
        expect(bound.status).to.equal(201);
        // A change to an existing binding requires the rights that it grants, and cannot replace its role.
        const rebind = async (bindingName: string, to: string, more: object = { headers }): Promise<number> => {
          const body = { ...binding('Role', to), metadata: { name: bindingName } };
          return (await kubernetes({ method: 'PUT', path: `${bindings}/${bindingName}?dryRun=All`, body, ...more }))
            .status;
        };
        expect(await rebind('nobody', 'empty')).to.equal(200);
        expect(await rebind('escalating', 'escalating')).to.equal(403);
        expect(await rebind('nobody', 'unnamed', {})).to.equal(422);
      }),
    ],
  });
});
