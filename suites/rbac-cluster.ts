/** Rights in a whole cluster: as whom a request may act, and who may grant them. */
import { expect } from 'chai';
import { check, suite, type CheckContext } from '../harness/index.ts';
import { GROUP, ofCore, SELF_REVIEW, type Rule as ResourceRule } from './lib/rbac.ts';

const OF_CLUSTER = `/apis/${GROUP}/v1/clusterroles`;
const BINDINGS_OF_CLUSTER = `/apis/${GROUP}/v1/clusterrolebindings`;
const APP = '<namespace:app>';
const AUTHENTICATION = 'authentication.k8s.io';
const MASTERS = 'system:masters';
const AUTHENTICATED = 'system:authenticated';
const STRANGERS = 'system:unauthenticated';

type Rule = ResourceRule | { readonly nonResourceURLs: readonly string[]; readonly verbs: readonly string[] };
const rulesOf = (rules: readonly Rule[]) => rules.map((rule) => ('resources' in rule ? ofCore(rule) : rule));
const object = (kind: string, name: string, more: object) => ({
  ...{ apiVersion: `${GROUP}/v1`, kind, metadata: { name } },
  ...more,
});
const roleRefTo = (kind: 'Role' | 'ClusterRole', name: string) => ({ roleRef: { apiGroup: GROUP, kind, name } });
const user = (name: string) => ({ apiGroup: GROUP, kind: 'User', name });

/** Runs while a subject has these rights in the whole cluster: no other namespace is to be left with them. */
async function withRights(
  { kubernetes, name }: CheckContext,
  { rules, subject }: { readonly rules: readonly Rule[]; readonly subject: object },
  run: (role: string) => Promise<void>,
): Promise<void> {
  const role = name(`${APP}-rights`);
  const post = (path: string, body: object) => kubernetes({ method: 'POST', path, body });
  try {
    const made = object('ClusterRole', role, { rules: rulesOf(rules) });
    expect(await post(OF_CLUSTER, made)).to.include({ status: 201 });
    const bound = object('ClusterRoleBinding', role, { ...roleRefTo('ClusterRole', role), subjects: [subject] });
    expect(await post(BINDINGS_OF_CLUSTER, bound)).to.include({ status: 201 });
    await run(role);
  } finally {
    for (const path of [BINDINGS_OF_CLUSTER, OF_CLUSTER])
      await kubernetes({ method: 'DELETE', path: `${path}/${role}` });
  }
}

suite('rbac', ({ scenario }) => {
  // In no cluster that others use: these rights are not of one namespace.
  scenario('RB-37', 'who acts as another may each of the groups and values that it takes, and takes no others', {
    source: 'Kubernetes documentation, "Authenticating", user impersonation',
    needs: ['own-cluster'],
    workloads: { app: {} },
    probes: [
      check('each header is asked about', async (context) => {
        const { kubernetes, name, eventually } = context;
        const path = name(`/api/v1/namespaces/${APP}/serviceaccounts/app/token`);
        const request = { apiVersion: `${AUTHENTICATION}/v1`, kind: 'TokenRequest', spec: {} };
        const made = await kubernetes({ method: 'POST', path, body: request });
        const { token } = (JSON.parse(made.body) as { readonly status: { readonly token: string } }).status;
        type Headers = Readonly<Record<string, string | readonly string[]>>;
        const ask = (path: string, headers: Headers, body?: object) =>
          kubernetes({
            ...{ path, as: 'anonymous', headers: { authorization: `Bearer ${token}`, ...headers } },
            ...(body !== undefined && { method: 'POST', body }),
          });
        const self = async (headers: Headers): Promise<Self> => {
          const answer = await ask(SELF_REVIEW.path, headers, SELF_REVIEW.body);
          if (answer.status !== 201) return { status: answer.status };
          return { status: 201, ...(JSON.parse(answer.body) as { status: { userInfo: object } }).status.userInfo };
        };
        const subject = { kind: 'ServiceAccount', name: 'app', namespace: name(APP) };
        const verbs = ['impersonate'];
        const rules: readonly Rule[] = [
          { resources: ['users'], resourceNames: ['somebody', 'system:anonymous'], verbs },
          { resources: ['groups'], resourceNames: ['auditors', 'readers', STRANGERS], verbs },
          { apiGroups: [AUTHENTICATION], resources: ['uids'], resourceNames: ['1234-5678'], verbs },
          { apiGroups: [AUTHENTICATION], resources: ['userextras/scopes'], resourceNames: ['view', 'edit'], verbs },
          { apiGroups: [AUTHENTICATION], resources: ['userextras/example.com/level'], verbs },
        ];
        await withRights(context, { rules, subject }, async () => {
          const somebody = { 'Impersonate-User': 'somebody' };
          await eventually(
            () => self(somebody),
            ({ status }) => status !== 403,
          );
          const own: readonly string[] = [];
          for (const [headers, groups, more] of [
            [{}, own, {}],
            [{ 'Impersonate-Group': 'auditors' }, ['auditors'], {}],
            [{ 'Impersonate-Group': ['auditors', 'readers'] }, ['auditors', 'readers'], {}],
            [{ 'Impersonate-Uid': '1234-5678' }, own, { uid: '1234-5678' }],
            [{ 'Impersonate-Extra-Scopes': 'view' }, own, { extra: { scopes: ['view'] } }],
            [{ 'Impersonate-Extra-scopes': ['view', 'edit'] }, own, { extra: { scopes: ['view', 'edit'] } }],
            [{ 'Impersonate-Extra-Example.com%2FLevel': 'High' }, own, { extra: { 'example.com/level': ['High'] } }],
          ] as const) {
            const { groups: found, ...seen } = await self({ ...somebody, ...headers });
            expect(seen, JSON.stringify(headers)).to.deep.equal({ status: 201, username: 'somebody', ...more });
            expect(found, JSON.stringify(headers)).to.have.members([...groups, AUTHENTICATED]);
          }
          for (const headers of [
            { 'Impersonate-User': 'another' },
            { 'Impersonate-Group': MASTERS },
            { 'Impersonate-Group': ['auditors', MASTERS] },
            { 'Impersonate-Group': [MASTERS, 'auditors'] },
            { 'Impersonate-Uid': '5678-1234' },
            { 'Impersonate-Extra-Scopes': 'all' },
            { 'Impersonate-Extra-Scopes': ['view', 'all'] },
            { 'Impersonate-Extra-Other': 'view' },
            { 'Impersonate-Extra-Scopes': 'view', 'Impersonate-Extra-Other': 'view' },
          ])
            expect(await self({ ...somebody, ...headers }), JSON.stringify(headers)).to.deep.equal({ status: 403 });
          // Values of nobody are nobody's.
          expect(await self({ 'Impersonate-Extra-Scopes': 'view' })).to.deep.equal({ status: 500 });
          // A stranger is not authenticated, whoever acts as one.
          for (const headers of [
            { ...somebody, 'Impersonate-Group': STRANGERS },
            { 'Impersonate-User': 'system:anonymous' },
          ]) {
            expect(await ask('/version', headers), JSON.stringify(headers)).to.include({ status: 200 });
            expect(await ask('/api', headers), JSON.stringify(headers)).to.include({ status: 403 });
          }
        });
      }),
    ],
  });

  scenario('RB-38', 'who may write cluster roles grants what they hold in the whole cluster, and no more', {
    source:
      'Kubernetes documentation, "Using RBAC Authorization", RoleBinding and ClusterRoleBinding, referring to resources, privilege escalation prevention and bootstrapping',
    needs: ['own-cluster'],
    workloads: { app: {} },
    probes: [
      check('rights of a namespace are none of the cluster', async (context) => {
        const { kubernetes, name, eventually } = context;
        const granter = name(`${APP}-granter`);
        const roles = name(`/apis/${GROUP}/v1/namespaces/${APP}/roles`);
        const bindings = name(`/apis/${GROUP}/v1/namespaces/${APP}/rolebindings`);
        const headers = { 'Impersonate-User': granter };
        const rules: readonly Rule[] = [
          {
            apiGroups: [GROUP],
            resources: ['roles', 'rolebindings', 'clusterroles', 'clusterrolebindings'],
            verbs: ['create'],
          },
          { resources: ['pods'], verbs: ['get', 'list'] },
          { nonResourceURLs: ['/metrics', '/conformance/*'], verbs: ['get'] },
        ];
        const inNamespace: readonly Rule[] = [
          { resources: ['secrets'], verbs: ['get', 'list'] },
          { apiGroups: [GROUP], resources: ['clusterroles'], resourceNames: ['view'], verbs: ['bind'] },
          { apiGroups: [GROUP], resources: ['clusterroles'], verbs: ['escalate'] },
        ];
        await withRights(context, { rules, subject: user(granter) }, async (role) => {
          const get = async (path: string): Promise<number> => (await kubernetes({ path, headers })).status;
          const post = async (path: string, body: object): Promise<number> =>
            (await kubernetes({ method: 'POST', path: `${path}?dryRun=All`, body, headers })).status;
          const grant = (path: string, kind: string, ...rules: readonly Rule[]) =>
            post(path, object(kind, name(`${APP}-made`), { rules: rulesOf(rules) }));
          const bind = (path: string, kind: string, to: string, subject: object = user('somebody')) =>
            post(path, object(kind, name(`${APP}-made`), { ...roleRefTo('ClusterRole', to), subjects: [subject] }));
          const secrets: Rule = { resources: ['secrets'], verbs: ['get'] };
          const paths = (...nonResourceURLs: readonly string[]): Rule => ({ nonResourceURLs, verbs: ['get'] });
          expect(
            await eventually(
              () => get('/api/v1/namespaces/kube-system/pods'),
              (status) => status !== 403,
            ),
          ).to.equal(200);
          expect(await get('/api/v1/pods?limit=1')).to.equal(200);
          expect(await get('/metrics')).to.equal(200);
          expect(await get('/conformance/none')).to.equal(404);
          for (const path of [
            '/metrics/none',
            '/conformance',
            '/conformances',
            name(`/api/v1/namespaces/${APP}/secrets`),
          ])
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
            expect(await grant(OF_CLUSTER, 'ClusterRole', rule), JSON.stringify(rule)).to.equal(status);
          expect(await grant(roles, 'Role', secrets), 'before it is held').to.equal(403);
          expect(await bind(bindings, 'RoleBinding', 'view'), 'before it may be bound').to.equal(403);

          for (const [path, body] of [
            [roles, object('Role', 'here', { rules: rulesOf(inNamespace) })],
            [bindings, object('RoleBinding', 'here', { ...roleRefTo('Role', 'here'), subjects: [user(granter)] })],
          ] as const)
            expect(await kubernetes({ method: 'POST', path, body })).to.include({ status: 201 });
          const isHeld = () => grant(roles, 'Role', secrets);
          expect(await eventually(isHeld, (status) => status !== 403)).to.equal(201);
          expect(await get('/api/v1/namespaces/kube-system/secrets')).to.equal(403);
          expect(await grant(OF_CLUSTER, 'ClusterRole', secrets)).to.equal(403);
          for (const [path, kind, to, status] of [
            [bindings, 'RoleBinding', 'view', 201],
            [bindings, 'RoleBinding', 'edit', 403],
            [BINDINGS_OF_CLUSTER, 'ClusterRoleBinding', 'view', 403],
            [BINDINGS_OF_CLUSTER, 'ClusterRoleBinding', 'cluster-admin', 403],
            [BINDINGS_OF_CLUSTER, 'ClusterRoleBinding', role, 201],
            [BINDINGS_OF_CLUSTER, 'ClusterRoleBinding', 'conformance-none', 404],
          ] as const)
            expect(await bind(path, kind, to), `${kind} to ${to}`).to.equal(status);
          // A binding that there is stays one to its role.
          for (const [to, status] of [
            [role, 200],
            ['view', 422],
          ] as const) {
            const body = object('ClusterRoleBinding', role, {
              ...roleRefTo('ClusterRole', to),
              subjects: [user(granter)],
            });
            const path = `${BINDINGS_OF_CLUSTER}/${role}?dryRun=All`;
            expect(await kubernetes({ method: 'PUT', path, body }), `a binding to ${to}`).to.include({ status });
          }
          // What has no namespace of its own must say whose account it means.
          const account = { kind: 'ServiceAccount', name: 'app' };
          expect(await bind(BINDINGS_OF_CLUSTER, 'ClusterRoleBinding', role, account)).to.equal(422);
        });
      }),
      check('a review in a namespace is about this one', async ({ kubernetes, name }) => {
        const group = 'authorization.k8s.io';
        const path = name(`/apis/${group}/v1/namespaces/${APP}/localsubjectaccessreviews`);
        const review = async (groups: readonly string[], namespace: string): Promise<unknown> => {
          const resourceAttributes = { verb: 'get', resource: 'pods', namespace: name(namespace) };
          const { status, body } = await kubernetes({
            ...{ method: 'POST', path },
            body: {
              ...{ apiVersion: `${group}/v1`, kind: 'LocalSubjectAccessReview', metadata: { namespace: name(APP) } },
              spec: { user: 'somebody', groups, resourceAttributes },
            },
          });
          return status === 201 ? (JSON.parse(body) as { status: { allowed: boolean } }).status.allowed : status;
        };
        expect(await review(['system:masters'], APP)).to.equal(true);
        expect(await review(['system:authenticated'], APP)).to.equal(false);
        expect(await review(['system:masters'], 'default')).to.be.oneOf([400, 422]);
      }),
    ],
  });
});

/** The user of a SelfSubjectReview, or the status of its refusal. */
interface Self {
  readonly status: number;
  readonly username?: string;
  readonly uid?: string;
  readonly groups?: readonly string[];
  readonly extra?: Readonly<Record<string, readonly string[]>>;
}
