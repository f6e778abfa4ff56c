export interface ResourceKind {
  /** Empty for the core group. */
  readonly group: string;
  readonly version: string;
  /** Plural name, which is unique across the supported groups; the store's key. */
  readonly resource: string;
  readonly singular: string;
  readonly kind: string;
  readonly namespaced: boolean;
  readonly shortNames: readonly string[];
  /** Whether `kubectl get all` includes it. */
  readonly inAll: boolean;
  /** Whether the status is a subresource, written separately. */
  readonly status: boolean;
  /** Fields other than `metadata.name` and `metadata.namespace`. */
  readonly fieldSelectors: readonly string[];
  /** Why the kind is not supported, with an alternative. */
  readonly refusal?: string;
  /** Format of names: RFC 1123 (`subdomain` or `label`), or any path segment. */
  readonly naming: 'subdomain' | 'label' | 'path';
}

type Traits = Partial<
  Pick<ResourceKind, 'namespaced' | 'shortNames' | 'inAll' | 'status' | 'fieldSelectors' | 'refusal' | 'naming'>
>;

function kind(groupVersion: string, kindName: string, resource: string, traits: Traits = {}): ResourceKind {
  const [version = '', group = ''] = groupVersion.split('/').reverse();
  return {
    group,
    version,
    resource,
    singular: kindName.toLowerCase(),
    kind: kindName,
    namespaced: true,
    shortNames: [],
    inAll: false,
    status: false,
    fieldSelectors: [],
    naming: 'subdomain',
    ...traits,
  };
}

const EVENT_FIELDS = [
  'involvedObject.kind',
  'involvedObject.namespace',
  'involvedObject.name',
  'involvedObject.uid',
  'involvedObject.apiVersion',
  'involvedObject.resourceVersion',
  'involvedObject.fieldPath',
  'reason',
  'reportingComponent',
  'source',
  'type',
];
const POD_FIELDS = [
  'spec.nodeName',
  'spec.restartPolicy',
  'spec.schedulerName',
  'spec.serviceAccountName',
  'spec.hostNetwork',
  'status.phase',
  'status.podIP',
  'status.nominatedNodeName',
];

/** The stored kinds, and known unsupported ones. */
export const KINDS: readonly ResourceKind[] = [
  kind('v1', 'Namespace', 'namespaces', {
    namespaced: false,
    shortNames: ['ns'],
    status: true,
    fieldSelectors: ['status.phase'],
    naming: 'label',
  }),
  kind('v1', 'Node', 'nodes', {
    namespaced: false,
    shortNames: ['no'],
    status: true,
    fieldSelectors: ['spec.unschedulable'],
  }),
  kind('v1', 'Pod', 'pods', { shortNames: ['po'], inAll: true, status: true, fieldSelectors: POD_FIELDS }),
  kind('v1', 'ServiceAccount', 'serviceaccounts', { shortNames: ['sa'] }),
  kind('v1', 'Secret', 'secrets', { fieldSelectors: ['type'] }),
  kind('v1', 'ConfigMap', 'configmaps', { shortNames: ['cm'] }),
  kind('v1', 'Event', 'events', { shortNames: ['ev'], fieldSelectors: EVENT_FIELDS }),
  kind('v1', 'Service', 'services', { shortNames: ['svc'], inAll: true, status: true, naming: 'label' }),
  kind('v1', 'Endpoints', 'endpoints', { shortNames: ['ep'] }),
  kind('apps/v1', 'Deployment', 'deployments', { shortNames: ['deploy'], inAll: true, status: true }),
  kind('apps/v1', 'ReplicaSet', 'replicasets', { shortNames: ['rs'], inAll: true, status: true }),
  kind('apps/v1', 'DaemonSet', 'daemonsets', { shortNames: ['ds'], inAll: true, status: true }),
  kind('apps/v1', 'StatefulSet', 'statefulsets', {
    shortNames: ['sts'],
    refusal: 'it has no persistent volumes and no DNS names for pods; use a Deployment',
  }),
  kind('batch/v1', 'Job', 'jobs', { inAll: true, status: true }),
  kind('batch/v1', 'CronJob', 'cronjobs', {
    shortNames: ['cj'],
    refusal: 'it does not start Jobs on a schedule; create the Job itself',
  }),
  kind('rbac.authorization.k8s.io/v1', 'Role', 'roles', { naming: 'path' }),
  kind('rbac.authorization.k8s.io/v1', 'RoleBinding', 'rolebindings', { naming: 'path' }),
  kind('rbac.authorization.k8s.io/v1', 'ClusterRole', 'clusterroles', { namespaced: false, naming: 'path' }),
  kind('rbac.authorization.k8s.io/v1', 'ClusterRoleBinding', 'clusterrolebindings', {
    namespaced: false,
    naming: 'path',
  }),
  kind('admissionregistration.k8s.io/v1', 'MutatingWebhookConfiguration', 'mutatingwebhookconfigurations', {
    namespaced: false,
  }),
  kind('admissionregistration.k8s.io/v1', 'ValidatingWebhookConfiguration', 'validatingwebhookconfigurations', {
    namespaced: false,
  }),
  // Stored, but not enforced.
  kind('networking.k8s.io/v1', 'NetworkPolicy', 'networkpolicies', { shortNames: ['netpol'] }),
  kind('coordination.k8s.io/v1', 'Lease', 'leases'),
  // From Karpenter.
  kind('karpenter.sh/v1', 'NodePool', 'nodepools', { namespaced: false }),
];

const BY_RESOURCE = new Map(KINDS.map((k) => [k.resource, k]));

export function kindOf(resource: string): ResourceKind | undefined {
  return BY_RESOURCE.get(resource);
}

/** Returns `v1` for the core group, otherwise `<group>/<version>`. */
export function groupVersion(k: { readonly group: string; readonly version: string }): string {
  return k.group === '' ? k.version : `${k.group}/${k.version}`;
}

/** Returns the qualified resource: `pods`, or `roles.rbac.authorization.k8s.io`. */
export function qualified(k: { readonly group: string; readonly resource: string }): string {
  return k.group === '' ? k.resource : `${k.resource}.${k.group}`;
}
