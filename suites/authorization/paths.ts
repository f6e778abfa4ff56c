/** Paths of requests: rights in a namespace reach nothing else, however a path is written. */
import { controlSucceeds, fails, kubernetesCreate, kubernetesGet, succeeds, suite } from '../../harness/index.ts';
import { FORBIDDEN } from '../lib/outcomes.ts';
import { RBAC } from '../lib/sources.ts';

const GROUP = 'rbac.authorization.k8s.io';
const APP = '/api/v1/namespaces/<namespace:app>';
const OTHER = '<namespace:other>';
/** The API server has no such path. */
const NO_PATH = { by: 'kubernetes', code: ['NotFound', '404', 'MethodNotAllowed', '405'] } as const;
/** The API server allows or knows no such request. */
const NOWHERE = { by: 'kubernetes', code: [...NO_PATH.code, 'Forbidden', 'BadRequest', '400'] } as const;
/** A namespaced form of paths of cluster-scoped resources: of Kubernetes, of RBAC, and of a custom kind. */
const OF_CLUSTER = [
  ...[`${APP}/nodes`, `${APP}/persistentvolumes`, `${APP}/namespaces`, `${APP}/namespaces/${OTHER}`],
  ...[`${APP}/namespaces/${OTHER}/serviceaccounts`, `${APP}/namespaces/${OTHER}/serviceaccounts/app`],
  ...[
    `${GROUP}/v1/namespaces/<namespace:app>/clusterroles`,
    `${GROUP}/v1/namespaces/<namespace:app>/clusterroles/cluster-admin`,
    `${GROUP}/v1/namespaces/<namespace:app>/clusterrolebindings`,
    'admissionregistration.k8s.io/v1/namespaces/<namespace:app>/mutatingwebhookconfigurations',
    'apiextensions.k8s.io/v1/namespaces/<namespace:app>/customresourcedefinitions',
  ].map((path) => `/apis/${path}`),
];
/** Paths to an account of the other namespace, from the first. */
const ACROSS = [
  ...['%2F..%2F', '%2f%2e%2e%2f', '%252F..%252F', '/../', '/%2e%2e/', '/.%2E/', '/..%2F', '%5C..%5C'].map(
    (up) => `${APP}${up}${OTHER}/serviceaccounts/app`,
  ),
  ...['/../../..', '%2F..%2F..%2F..', '/%2e%2e/%2e%2e/%2e%2e'].map(
    (up) => `${APP}/serviceaccounts/app${up}/${OTHER}/serviceaccounts/app`,
  ),
  `${APP}/serviceaccounts/..%2F..%2F${OTHER}%2Fserviceaccounts%2Fapp`,
  `${APP}/serviceaccounts/%2e%2e/%2e%2e/${OTHER}/serviceaccounts/app`,
  `/${APP.replace('<namespace:app>', OTHER)}/serviceaccounts/app`,
  `${APP};/../${OTHER}/serviceaccounts/app`,
  `${APP}%00/serviceaccounts/app`,
];
/** Objects of cluster-scoped kinds, by the path that each kind would have in a namespace. */
const CREATED: Readonly<Record<string, object>> = {
  [`/apis/${GROUP}/v1/namespaces/<namespace:app>/clusterrolebindings`]: {
    apiVersion: `${GROUP}/v1`,
    kind: 'ClusterRoleBinding',
    metadata: { name: '<namespace:app>-owner' },
    roleRef: { apiGroup: GROUP, kind: 'ClusterRole', name: 'view' },
    subjects: [{ apiGroup: GROUP, kind: 'User', name: 'nobody' }],
  },
  [`${APP}/namespaces`]: { apiVersion: 'v1', kind: 'Namespace', metadata: { name: '<namespace:app>-2' } },
  '/apis/authorization.k8s.io/v1/namespaces/<namespace:app>/subjectaccessreviews': {
    apiVersion: 'authorization.k8s.io/v1',
    kind: 'SubjectAccessReview',
    spec: { user: 'nobody', resourceAttributes: { verb: 'get', resource: 'nodes' } },
  },
  '/apis/authentication.k8s.io/v1/namespaces/<namespace:app>/tokenreviews': {
    apiVersion: 'authentication.k8s.io/v1',
    kind: 'TokenReview',
    spec: { token: 'a.b.c' },
  },
};
const configMap = (namespace: string) => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name: 'made', namespace },
});

suite('authorization', ({ scenario }) => {
  scenario('RB-46', 'rights in a namespace reach nothing outside it, however a path is written', {
    source: `${RBAC}; Kubernetes documentation, "Kubernetes API Concepts", resource URIs; RFC 3986, 2.3: unreserved characters; CVE-2019-11247`,
    workloads: { app: {}, other: { namespace: 'other' } },
    users: {
      owner: { namespace: 'app', rules: [{ apiGroups: ['*'], resources: ['*'], verbs: ['*'] }] },
      reader: { namespace: 'app', rules: [{ resources: ['serviceaccounts'], resourceNames: ['app'], verbs: ['get'] }] },
    },
    probes: [
      controlSucceeds(kubernetesGet(`${APP}/serviceaccounts`, { user: 'owner' })),
      ...OF_CLUSTER.map((path) => fails(kubernetesGet(path, { user: 'owner' }), NO_PATH)),
      ...['/api/v1/nodes', `/apis/${GROUP}/v1/clusterroles`, '/apis/karpenter.sh/v1/nodepools'].map((path) =>
        fails(kubernetesGet(path, { user: 'owner' }), FORBIDDEN),
      ),
      fails(kubernetesGet(`/api/v1/namespaces/${OTHER}/serviceaccounts/app`, { user: 'owner' }), FORBIDDEN),
      ...ACROSS.map((path) => fails(kubernetesGet(path, { user: 'owner' }), NOWHERE)),
      ...Object.entries(CREATED).map(([path, object]) =>
        fails(kubernetesCreate(path, object, { user: 'owner' }), NO_PATH),
      ),
      // The namespace in the path decides, and an object must name the same one.
      succeeds(kubernetesCreate(`${APP}/configmaps`, configMap('<namespace:app>'), { user: 'owner' })),
      fails(kubernetesCreate(`${APP}/configmaps`, configMap(OTHER), { user: 'owner' }), {
        by: 'kubernetes',
        code: 'BadRequest',
        status: 400,
      }),
      // An escaped unreserved character is the character itself.
      ...['serviceaccounts/app', 'serviceaccounts/%61pp', '%73erviceaccounts/a%70p'].map((path) =>
        succeeds(kubernetesGet(`${APP}/${path}`, { user: 'reader' })),
      ),
      ...['serviceaccounts/default', 'serviceaccounts/d%65fault', 'serviceaccounts', 'serviceaccounts/'].map((path) =>
        fails(kubernetesGet(`${APP}/${path}`, { user: 'reader' }), FORBIDDEN),
      ),
      ...['app%2F..%2Fdefault', 'app/../default', 'default%00app', 'app%2Ftoken', 'App', '%2561pp'].map((name) =>
        fails(kubernetesGet(`${APP}/serviceaccounts/${name}`, { user: 'reader' }), NOWHERE),
      ),
    ],
  });
});
