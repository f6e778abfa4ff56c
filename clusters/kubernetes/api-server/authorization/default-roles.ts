import type { MemoryStore } from '../store/memory-store.ts';
import type { PolicyRule } from './types.ts';

const READ = ['get', 'list', 'watch'];
const WRITE = ['create', 'delete', 'deletecollection', 'patch', 'update'];
const APPS = ['daemonsets', 'deployments', 'replicasets', 'statefulsets'];
const SCALED = ['deployments/scale', 'replicasets/scale'];
const BATCH = ['cronjobs', 'jobs'];
const CORE_VIEW = ['configmaps', 'endpoints', 'pods', 'pods/log', 'pods/status', 'serviceaccounts', 'services'];
const RBAC_GROUP = 'rbac.authorization.k8s.io';

const VIEW: PolicyRule[] = [
  { apiGroups: [''], resources: [...CORE_VIEW, 'services/status', 'events', 'namespaces'], verbs: READ },
  { apiGroups: ['apps'], resources: [...APPS.flatMap((r) => [r, `${r}/status`]), ...SCALED], verbs: READ },
  { apiGroups: ['batch'], resources: BATCH.flatMap((r) => [r, `${r}/status`]), verbs: READ },
  { apiGroups: ['networking.k8s.io'], resources: ['networkpolicies'], verbs: READ },
];

const EDIT: PolicyRule[] = [
  ...VIEW,
  {
    apiGroups: [''],
    resources: ['secrets', 'pods/exec', 'pods/attach', 'pods/portforward', 'pods/proxy'],
    verbs: READ,
  },
  { apiGroups: [''], resources: ['serviceaccounts'], verbs: ['impersonate'] },
  { apiGroups: [''], resources: ['pods', 'pods/exec', 'pods/attach', 'pods/portforward', 'pods/proxy'], verbs: WRITE },
  { apiGroups: [''], resources: ['pods/eviction'], verbs: ['create'] },
  { apiGroups: [''], resources: ['configmaps', 'events', 'secrets', 'serviceaccounts', 'services'], verbs: WRITE },
  { apiGroups: [''], resources: ['serviceaccounts/token'], verbs: ['create'] },
  { apiGroups: ['apps'], resources: [...APPS, ...SCALED], verbs: WRITE },
  { apiGroups: ['batch'], resources: BATCH, verbs: WRITE },
  { apiGroups: ['networking.k8s.io'], resources: ['networkpolicies'], verbs: WRITE },
  { apiGroups: ['coordination.k8s.io'], resources: ['leases'], verbs: [...READ, ...WRITE] },
];

const ADMIN: PolicyRule[] = [
  ...EDIT,
  { apiGroups: ['authorization.k8s.io'], resources: ['localsubjectaccessreviews'], verbs: ['create'] },
  { apiGroups: [RBAC_GROUP], resources: ['roles', 'rolebindings'], verbs: [...READ, ...WRITE] },
];

/** Kubernetes's default cluster roles, for the supported kinds. */
const CLUSTER_ROLES: Readonly<Record<string, PolicyRule[]>> = {
  'cluster-admin': [
    { apiGroups: ['*'], resources: ['*'], verbs: ['*'] },
    { nonResourceURLs: ['*'], verbs: ['*'] },
  ],
  admin: ADMIN,
  edit: EDIT,
  view: VIEW,
  'system:basic-user': [
    {
      apiGroups: ['authorization.k8s.io'],
      resources: ['selfsubjectaccessreviews', 'selfsubjectrulesreviews'],
      verbs: ['create'],
    },
    { apiGroups: ['authentication.k8s.io'], resources: ['selfsubjectreviews'], verbs: ['create'] },
  ],
  'system:discovery': [
    {
      nonResourceURLs: ['/api', '/api/*', '/apis', '/apis/*', '/healthz', '/livez', '/openapi', '/openapi/*'].concat([
        '/readyz',
        '/version',
        '/version/',
      ]),
      verbs: ['get'],
    },
  ],
  'system:public-info-viewer': [
    { nonResourceURLs: ['/healthz', '/livez', '/readyz', '/version', '/version/'], verbs: ['get'] },
  ],
  'system:service-account-issuer-discovery': [
    {
      nonResourceURLs: ['/.well-known/openid-configuration', '/.well-known/openid-configuration/'].concat([
        '/openid/v1/jwks',
        '/openid/v1/jwks/',
      ]),
      verbs: ['get'],
    },
  ],
  'system:auth-delegator': [
    { apiGroups: ['authentication.k8s.io'], resources: ['tokenreviews'], verbs: ['create'] },
    { apiGroups: ['authorization.k8s.io'], resources: ['subjectaccessreviews'], verbs: ['create'] },
  ],
};

/** Groups by cluster role. */
const BINDINGS: Readonly<Record<string, readonly string[]>> = {
  'cluster-admin': ['system:masters'],
  'system:basic-user': ['system:authenticated'],
  'system:discovery': ['system:authenticated'],
  'system:public-info-viewer': ['system:authenticated', 'system:unauthenticated'],
  'system:service-account-issuer-discovery': ['system:serviceaccounts'],
};

export function createDefaultRoles(store: MemoryStore): void {
  const apiVersion = `${RBAC_GROUP}/v1`;
  const meta = {
    annotations: { 'rbac.authorization.kubernetes.io/autoupdate': 'true' },
    labels: { 'kubernetes.io/bootstrapping': 'rbac-defaults' },
  };
  for (const [name, rules] of Object.entries(CLUSTER_ROLES)) {
    store.create('clusterroles', { apiVersion, kind: 'ClusterRole', metadata: { name, ...meta }, rules });
  }
  for (const [name, groups] of Object.entries(BINDINGS)) {
    store.create('clusterrolebindings', {
      apiVersion,
      kind: 'ClusterRoleBinding',
      metadata: { name, ...meta },
      roleRef: { apiGroup: RBAC_GROUP, kind: 'ClusterRole', name },
      subjects: groups.map((group) => ({ apiGroup: RBAC_GROUP, kind: 'Group', name: group })),
    });
  }
}
