import declared from './kinds.json' with { type: 'json' };

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

interface Declared extends Partial<Omit<ResourceKind, 'kind' | 'resource'>> {
  readonly kind: string;
  readonly resource: string;
  readonly apiVersion: string;
}

/** The stored kinds, and known unsupported ones. */
export const KINDS: readonly ResourceKind[] = (declared as readonly Declared[]).map(({ apiVersion, ...kind }) => {
  const [version = '', group = ''] = apiVersion.split('/').reverse();
  return {
    group,
    version,
    singular: kind.kind.toLowerCase(),
    namespaced: true,
    shortNames: [],
    inAll: false,
    status: false,
    fieldSelectors: [],
    naming: 'subdomain',
    ...kind,
  };
});

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
