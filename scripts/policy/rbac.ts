import { stringify } from 'yaml';
import type { Audit } from '../../clusters/kubernetes/index.ts';

type Asked = Parameters<Audit>[1];

/** Kubernetes API, PolicyRule. */
interface Rule {
  readonly apiGroups: readonly string[];
  readonly resources: readonly string[];
  readonly resourceNames?: readonly string[];
  readonly verbs: readonly string[];
}
export type Scope = 'kube-system';
/** Rules of the ClusterRole, and of the Role in kube-system. */
export type Rules = Readonly<Record<'cluster' | Scope, readonly Rule[]>>;

/** Resources that all users may create by default (Kubernetes, "Using RBAC Authorization", API discovery roles). */
const SELF_REVIEWS: readonly string[] = ['selfsubjectaccessreviews', 'selfsubjectrulesreviews', 'selfsubjectreviews'];
/** Resources whose names are the same in each run. Creation is authorized without a name. */
const NAMED: readonly string[] = ['leases', 'daemonsets', 'deployments', 'clusterroles', 'groups', 'uids'];

/** Requests that rehearsals do not make: for network policies, load, and the DaemonSet of a candidate agent. */
const NOT_REHEARSED: readonly Asked[] = [
  ...['create', 'delete'].flatMap((verb) => [
    { verb, group: 'networking.k8s.io', resource: 'networkpolicies', namespace: 'app' },
    { verb, group: 'batch', resource: 'jobs', namespace: 'app' },
  ]),
  ...['create', 'get', 'patch', 'delete'].map((verb) => ({
    verb,
    group: 'apps',
    resource: 'daemonsets',
    namespace: 'kube-system',
    name: 'eks-pod-identity-agent',
  })),
];

/** Returns minimal rules in a stable order. Only distinguishes kube-system from other namespaces, whose names differ by run. */
export function rulesFor(requests: readonly Asked[]): Rules {
  const all = [...requests, ...NOT_REHEARSED].flatMap((one) => ('path' in one ? [] : one));
  const needed = all.filter(({ resource }) => !SELF_REVIEWS.includes(resource));
  const cluster = rulesOf(needed.filter(({ namespace }) => namespace !== 'kube-system'));
  const inSystem = needed.filter(({ namespace }) => namespace === 'kube-system');
  return { cluster, 'kube-system': rulesOf(inSystem.filter((one) => !isCovered(one, cluster))) };
}

type OfResource = Exclude<Asked, { readonly path: string }>;

const resourceOf = ({ resource, subresource }: OfResource): string =>
  subresource === undefined ? resource : `${resource}/${subresource}`;

const isCovered = (request: OfResource, rules: readonly Rule[]): boolean =>
  rules.some(
    ({ apiGroups, resources, resourceNames, verbs }) =>
      apiGroups.includes(request.group) &&
      resources.includes(resourceOf(request)) &&
      verbs.includes(request.verb) &&
      (resourceNames === undefined || resourceNames.includes(request.name ?? '')),
  );

function rulesOf(requests: readonly OfResource[]): Rule[] {
  const verbs = new Map<string, Set<string>>();
  for (const one of requests) {
    const isNamed = NAMED.includes(one.resource) && one.name !== undefined && one.verb !== 'create';
    const key = JSON.stringify([one.group, resourceOf(one), isNamed ? one.name : '']);
    verbs.set(key, (verbs.get(key) ?? new Set()).add(one.verb));
  }
  const rules = new Map<string, { group: string; name: string; verbs: string[]; resources: string[] }>();
  for (const [key, set] of [...verbs].sort(([a], [b]) => (a < b ? -1 : 1))) {
    const [group = '', resource = '', name = ''] = JSON.parse(key) as string[];
    const sorted = [...set].sort();
    const same = JSON.stringify([group, name, sorted]);
    const rule = rules.get(same) ?? { group, name, verbs: sorted, resources: [] };
    rule.resources.push(resource);
    rules.set(same, rule);
  }
  return [...rules.values()].map(({ group, name, verbs, resources }) => ({
    apiGroups: [group],
    resources,
    ...(name !== '' && { resourceNames: [name] }),
    verbs,
  }));
}

export function rolesText(rules: Rules): string {
  const [name, namespace] = ['eks-pod-identity-conformance-runner', 'eks-pod-identity-conformance'];
  const apiVersion = 'rbac.authorization.k8s.io/v1';
  const subjects = [{ kind: 'ServiceAccount', name: 'runner', namespace }];
  const documents = [
    { kind: 'ClusterRole', metadata: { name }, rules: rules.cluster },
    { kind: 'ClusterRoleBinding', metadata: { name }, ...boundTo('ClusterRole', name), subjects },
    { kind: 'Role', metadata: { name, namespace: 'kube-system' }, rules: rules['kube-system'] },
    { kind: 'RoleBinding', metadata: { name, namespace: 'kube-system' }, ...boundTo('Role', name), subjects },
  ];
  return documents.map((document) => `---\n${stringify({ apiVersion, ...document })}`).join('');
}

const boundTo = (kind: string, name: string) => ({ roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind, name } });
