/** What the default roles of a cluster allow and deny, row by row, and their bindings. */
import { expect } from 'chai';
import { check, fails, reviewAccess, succeeds, suite, type ScenarioSpec } from '../../harness/index.ts';

const RBAC = 'Kubernetes documentation, "Using RBAC Authorization", default roles and role bindings';
const NOT_ALLOWED = { by: 'kubernetes', code: 'NotAllowed' } as const;
const APP = '<namespace:app>';
const OTHER = '<namespace:other>';
const RBAC_GROUP = 'rbac.authorization.k8s.io';
const READ = ['get', 'list', 'watch'] as const;
const WRITE = ['create', 'delete', 'deletecollection', 'patch', 'update'] as const;
type Probes = ScenarioSpec['probes'];
/** API group, verbs, resources. */
type Row = readonly [group: string, verbs: readonly string[], resources: readonly string[]];
/** Returns a review for each resource, with the verbs in turn, and at least one for each verb. */
const cases = ([group, verbs, resources]: Row) =>
  Array.from({ length: Math.max(verbs.length, resources.length) }, (_, at) => ({
    group,
    verb: verbs[at % verbs.length] ?? '',
    resource: resources[at % resources.length] ?? '',
    namespace: APP,
  }));
const may = (user: string, rows: readonly Row[]): Probes =>
  rows.flatMap(cases).map((access) => succeeds(reviewAccess(user, access)));
const mayNot = (user: string, rows: readonly Row[]): Probes =>
  rows.flatMap(cases).map((access) => fails(reviewAccess(user, access), NOT_ALLOWED));
const everybodyOf = (groups: readonly string[], paths: readonly string[], verb = 'get'): Probes =>
  paths.map((path) => succeeds(reviewAccess({ groups }, { verb, path })));
const nobodyOf = (groups: readonly string[], paths: readonly string[], verb = 'get'): Probes =>
  paths.map((path) => fails(reviewAccess({ groups }, { verb, path }), NOT_ALLOWED));
const SCALED = ['daemonsets', 'deployments', 'replicasets', 'statefulsets', 'deployments/scale', 'replicasets/scale'];
const SEEN: readonly Row[] = [
  ['', READ, ['configmaps', 'endpoints', 'pods', 'pods/log', 'pods/status', 'serviceaccounts', 'services']],
  ['', READ, ['services/status', 'events', 'namespaces']],
  ['apps', READ, SCALED],
  ['apps', READ, ['daemonsets/status', 'deployments/status', 'replicasets/status', 'statefulsets/status']],
  ['batch', READ, ['cronjobs', 'jobs', 'cronjobs/status', 'jobs/status']],
];
const EDITED: readonly Row[] = [
  ['', READ, ['secrets', 'pods/exec', 'pods/attach', 'pods/portforward', 'pods/proxy']],
  ['', ['impersonate'], ['serviceaccounts']],
  ['', WRITE, ['pods', 'pods/exec', 'pods/attach', 'pods/portforward', 'pods/proxy']],
  ['', ['create'], ['pods/eviction', 'serviceaccounts/token']],
  ['', WRITE, ['configmaps', 'events', 'secrets', 'serviceaccounts', 'services']],
  ['apps', WRITE, SCALED],
  ['batch', WRITE, ['cronjobs', 'jobs']],
  ['coordination.k8s.io', [...READ, ...WRITE], ['leases']],
];
const GRANTED: readonly Row[] = [
  ['authorization.k8s.io', ['create'], ['localsubjectaccessreviews']],
  [RBAC_GROUP, [...READ, ...WRITE], ['roles', 'rolebindings']],
  [RBAC_GROUP, [...WRITE, ...READ], ['rolebindings']],
];
const AUTHENTICATED = ['system:authenticated'];
const STRANGERS = ['system:unauthenticated'];
const ACCOUNTS = ['system:serviceaccounts', 'system:authenticated'];
const HEALTH = ['/healthz', '/livez', '/readyz', '/version', '/version/'];
const DISCOVERY = ['/api', '/api/v1', '/apis', '/apis/apps', '/openapi', '/openapi/v2'];
const ISSUER = ['/.well-known/openid-configuration', '/openid/v1/jwks'];

suite('authorization', ({ scenario }) => {
  scenario('RB-25', 'role view may read most objects, edit may also change them, and admin may also grant both roles', {
    source: `${RBAC}, "User-facing roles"`,
    workloads: { app: {}, other: { namespace: 'other' } },
    users: {
      viewer: { namespace: 'app', clusterRole: 'view' },
      editor: { namespace: 'app', clusterRole: 'edit' },
      granter: { namespace: 'app', clusterRole: 'admin' },
      ruler: { namespace: 'app', clusterRole: 'cluster-admin' },
    },
    probes: [
      ...may('viewer', SEEN),
      ...mayNot('viewer', [
        ['', ['get'], ['secrets', 'pods/exec', 'nodes']],
        ['', ['create'], ['pods', 'pods/exec', 'serviceaccounts/token', 'configmaps']],
        ['', ['impersonate'], ['serviceaccounts']],
        ['', ['get', 'create'], ['pods/proxy', 'pods/attach', 'pods/portforward']],
        ['apps', ['update'], ['deployments', 'deployments/scale']],
        [RBAC_GROUP, ['get'], ['roles', 'rolebindings']],
      ]),
      ...may('editor', [...SEEN, ...EDITED]),
      ...mayNot('editor', [
        ['', ['create', 'delete', 'update'], ['namespaces']],
        ['', ['create'], ['resourcequotas']],
        ['authorization.k8s.io', ['create'], ['localsubjectaccessreviews']],
        [RBAC_GROUP, ['get', 'create'], ['roles', 'rolebindings']],
      ]),
      ...may('granter', [...SEEN, ...EDITED, ...GRANTED]),
      ...mayNot('granter', [
        ['', ['create', 'delete', 'update'], ['namespaces']],
        ['', ['create'], ['resourcequotas']],
        [RBAC_GROUP, ['get', 'escalate', 'bind'], ['clusterroles']],
        [RBAC_GROUP, ['escalate', 'bind'], ['roles']],
      ]),
      ...may('ruler', [
        ['', ['create', 'escalate', 'anything'], ['pods', 'resourcequotas', 'namespaces', 'pods/exec']],
        ['example.com', ['get'], ['whatever']],
      ]),
      // Only in the namespace of the binding.
      ...['viewer', 'editor', 'granter', 'ruler'].map((user) =>
        fails(reviewAccess(user, { verb: 'get', resource: 'pods', namespace: OTHER }), NOT_ALLOWED),
      ),
      fails(reviewAccess('ruler', { verb: 'get', resource: 'pods' }), NOT_ALLOWED),
      fails(reviewAccess('ruler', { verb: 'get', path: '/metrics' }), NOT_ALLOWED),
    ],
  });

  scenario('RB-26', 'the default groups may read discovery endpoints and nothing more', {
    source: `${RBAC}, "API discovery roles"; "Other component roles"; "RBAC Good Practices", system:masters`,
    workloads: { app: {} },
    users: { delegator: { namespace: 'app', clusterRole: 'system:auth-delegator' } },
    probes: [
      ...everybodyOf(AUTHENTICATED, [...HEALTH, ...DISCOVERY]),
      ...nobodyOf(AUTHENTICATED, ['/metrics', '/logs', '/apix', '/healthz2', '/']),
      ...nobodyOf(AUTHENTICATED, ['/api', '/healthz'], 'post'),
      ...everybodyOf(STRANGERS, HEALTH),
      ...nobodyOf(STRANGERS, [...DISCOVERY, ...ISSUER]),
      ...nobodyOf([], HEALTH),
      // Allowed by the second group.
      ...everybodyOf(ACCOUNTS, DISCOVERY),
      ...everybodyOf(ACCOUNTS, [...ISSUER, ...ISSUER.map((path) => `${path}/`)]),
      ...nobodyOf(ACCOUNTS, ['/openid/v1', '/.well-known'], 'get'),
      ...everybodyOf(['system:masters'], ['/metrics', '/anything'], 'post'),
      // A user with the name of a group is not in the group.
      ...['system:masters', 'system:serviceaccounts'].map((user) =>
        fails(reviewAccess({ user, groups: [] }, { verb: 'get', path: '/openid/v1/jwks' }), NOT_ALLOWED),
      ),
      succeeds(reviewAccess({ groups: ['system:masters'] }, { verb: 'delete', resource: 'nodes' })),
      ...(
        [
          ['authorization.k8s.io', ['selfsubjectaccessreviews', 'selfsubjectrulesreviews']],
          ['authentication.k8s.io', ['selfsubjectreviews']],
        ] as const
      ).flatMap(([group, resources]) =>
        resources.flatMap((resource) => [
          succeeds(reviewAccess({ groups: AUTHENTICATED }, { verb: 'create', group, resource })),
          fails(reviewAccess({ groups: AUTHENTICATED }, { verb: 'get', group, resource }), NOT_ALLOWED),
          fails(reviewAccess({ groups: STRANGERS }, { verb: 'create', group, resource }), NOT_ALLOWED),
        ]),
      ),
      ...may('delegator', [
        ['authentication.k8s.io', ['create'], ['tokenreviews']],
        ['authorization.k8s.io', ['create'], ['subjectaccessreviews']],
      ]),
      ...mayNot('delegator', [
        ['authentication.k8s.io', ['get'], ['tokenreviews', 'selfsubjectreviews']],
        ['', ['get'], ['pods', 'secrets']],
      ]),
      check('default roles have their labels and are bound to groups', async ({ kubernetes }) => {
        const read = async (path: string): Promise<unknown> =>
          JSON.parse((await kubernetes({ path: `/apis/${RBAC_GROUP}/v1/${path}` })).body) as unknown;
        const labels = { 'kubernetes.io/bootstrapping': 'rbac-defaults' };
        for (const name of ['cluster-admin', 'admin', 'edit', 'view', 'system:basic-user', 'system:auth-delegator']) {
          const { metadata } = (await read(`clusterroles/${name}`)) as Pick<Binding, 'metadata'>;
          expect(metadata.labels, name).to.include(labels);
          expect(metadata.annotations, name).to.include({ 'rbac.authorization.kubernetes.io/autoupdate': 'true' });
        }
        for (const [name, groups] of Object.entries({
          'cluster-admin': ['system:masters'],
          'system:basic-user': ['system:authenticated'],
          'system:discovery': ['system:authenticated'],
          'system:public-info-viewer': ['system:authenticated', 'system:unauthenticated'],
          'system:service-account-issuer-discovery': ['system:serviceaccounts'],
        })) {
          const binding = (await read(`clusterrolebindings/${name}`)) as Binding;
          expect(binding.metadata.labels, name).to.include(labels);
          expect(binding.roleRef, name).to.deep.equal({ apiGroup: RBAC_GROUP, kind: 'ClusterRole', name });
          expect(binding.subjects, name).to.have.deep.members(
            groups.map((group) => ({ apiGroup: RBAC_GROUP, kind: 'Group', name: group })),
          );
        }
        // Members of system:masters need no role, so the review gives no reason.
        const resourceAttributes = { verb: 'delete', resource: 'nodes' };
        const answer = await kubernetes({
          method: 'POST',
          path: '/apis/authorization.k8s.io/v1/subjectaccessreviews',
          body: {
            apiVersion: 'authorization.k8s.io/v1',
            kind: 'SubjectAccessReview',
            spec: { user: 'somebody', groups: ['system:masters'], resourceAttributes },
          },
        });
        const { status } = JSON.parse(answer.body) as { readonly status: { allowed: boolean; reason?: string } };
        expect(status).to.include({ allowed: true });
        expect(status.reason ?? '').to.equal('');
      }),
    ],
  });
});

interface Binding {
  readonly metadata: Readonly<Record<'labels' | 'annotations', Readonly<Record<string, string>>>>;
  readonly roleRef: object;
  readonly subjects: readonly object[];
}
