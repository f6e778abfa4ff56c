import { groupVersion, KINDS, type ResourceKind } from '../model/kinds.ts';

const ALL_VERBS = ['create', 'delete', 'deletecollection', 'get', 'list', 'patch', 'update', 'watch'];

interface DiscoveredResource {
  readonly group: string;
  readonly version: string;
  /** Plural name, followed by a slash and the subresource, if any. */
  readonly name: string;
  readonly singular: string;
  readonly namespaced: boolean;
  readonly kind: string;
  readonly verbs: readonly string[];
  readonly shortNames?: readonly string[];
  readonly categories?: readonly string[];
  /** Group and version of a subresource's body, if they differ. */
  readonly bodyGroup?: { readonly group: string; readonly version: string };
}

function stored(k: ResourceKind): DiscoveredResource[] {
  const { group, version, kind, namespaced, singular } = k;
  const main = {
    group,
    version,
    kind,
    namespaced,
    singular,
    name: k.resource,
    verbs: ALL_VERBS,
    ...(k.shortNames.length > 0 ? { shortNames: k.shortNames } : {}),
    ...(k.inAll ? { categories: ['all'] } : {}),
  };
  const status = { group, version, kind, namespaced, singular: '', name: `${k.resource}/status` };
  return k.status ? [main, { ...status, verbs: ['get', 'patch', 'update'] }] : [main];
}

const CORE = { group: '', version: 'v1', singular: '', namespaced: true };
const AUTHORIZATION = { group: 'authorization.k8s.io', version: 'v1', verbs: ['create'] };
const AUTHENTICATION = { group: 'authentication.k8s.io', version: 'v1', verbs: ['create'], namespaced: false };

function review(kind: string, base: typeof AUTHORIZATION, namespaced = false): DiscoveredResource {
  return { ...base, kind, namespaced, singular: kind.toLowerCase(), name: `${kind.toLowerCase()}s` };
}

const SCALE = {
  group: 'apps',
  version: 'v1',
  singular: '',
  namespaced: true,
  kind: 'Scale',
  verbs: ['get', 'patch', 'update'],
  bodyGroup: { group: 'autoscaling', version: 'v1' },
};

const RESOURCES: readonly DiscoveredResource[] = [
  ...KINDS.flatMap(stored),
  { ...SCALE, name: 'deployments/scale' },
  { ...SCALE, name: 'replicasets/scale' },
  { ...CORE, name: 'pods/log', kind: 'Pod', verbs: ['get'] },
  { ...CORE, name: 'pods/proxy', kind: 'PodProxyOptions', verbs: ALL_VERBS.filter((v) => !/list|watch|coll/.test(v)) },
  {
    ...CORE,
    name: 'pods/eviction',
    kind: 'Eviction',
    verbs: ['create'],
    bodyGroup: { group: 'policy', version: 'v1' },
  },
  {
    ...CORE,
    name: 'serviceaccounts/token',
    kind: 'TokenRequest',
    verbs: ['create'],
    bodyGroup: { group: 'authentication.k8s.io', version: 'v1' },
  },
  review('TokenReview', AUTHENTICATION),
  review('SelfSubjectReview', AUTHENTICATION),
  review('SubjectAccessReview', AUTHORIZATION),
  review('SelfSubjectAccessReview', AUTHORIZATION),
  review('SelfSubjectRulesReview', AUTHORIZATION),
  review('LocalSubjectAccessReview', AUTHORIZATION, true),
];

const GROUPS = [...new Set(RESOURCES.map((resource) => resource.group))].filter((group) => group !== '');

function apiGroup(group: string): object {
  const version = { groupVersion: `${group}/v1`, version: 'v1' };
  return { name: group, versions: [version], preferredVersion: version };
}

function resourceList(group: string): object {
  const resources = RESOURCES.filter((resource) => resource.group === group).map((resource) => ({
    name: resource.name,
    singularName: resource.singular,
    namespaced: resource.namespaced,
    kind: resource.kind,
    verbs: resource.verbs,
    ...(resource.bodyGroup ?? {}),
    ...(resource.shortNames ? { shortNames: resource.shortNames } : {}),
    ...(resource.categories ? { categories: resource.categories } : {}),
  }));
  return { kind: 'APIResourceList', apiVersion: 'v1', groupVersion: groupVersion({ group, version: 'v1' }), resources };
}

/** Returns a discovery document, or undefined for other paths. */
export function discover(path: string, address: string): object | undefined {
  const [root = '', group = '', version, ...rest] = path.replace(/\/$/, '').split('/').slice(1);
  if (root === 'api') {
    if (group === 'v1' && version === undefined) return resourceList('');
    if (group !== '') return undefined;
    const serverAddressByClientCIDRs = [{ clientCIDR: '0.0.0.0/0', serverAddress: address }];
    return { kind: 'APIVersions', versions: ['v1'], serverAddressByClientCIDRs };
  }
  if (root !== 'apis' || rest.length > 0) return undefined;
  if (group === '') return { kind: 'APIGroupList', apiVersion: 'v1', groups: GROUPS.map(apiGroup) };
  if (!GROUPS.includes(group)) return undefined;
  if (version === undefined) return { kind: 'APIGroup', apiVersion: 'v1', ...apiGroup(group) };
  return version === 'v1' ? resourceList(group) : undefined;
}
