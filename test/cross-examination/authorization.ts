/**
 * A second RBAC authorizer, only for tests. It follows the Kubernetes documentation "Using RBAC Authorization" (API objects,
 * Referring to resources, Referring to subjects), and is independent of the authorizer under test.
 */

export interface Rule {
  readonly verbs: readonly string[];
  readonly apiGroups?: readonly string[];
  readonly resources?: readonly string[];
  readonly resourceNames?: readonly string[];
  readonly nonResourceURLs?: readonly string[];
}

export interface SubjectReference {
  readonly kind: 'User' | 'Group' | 'ServiceAccount';
  readonly name: string;
  readonly namespace?: string;
}

/** Roles and RoleBindings have a namespace. ClusterRoles and ClusterRoleBindings have none. */
export interface Role {
  readonly name: string;
  readonly namespace?: string;
  readonly rules: readonly Rule[];
}

export interface Binding {
  readonly name: string;
  readonly namespace?: string;
  readonly roleRef: { readonly kind: 'Role' | 'ClusterRole'; readonly name: string };
  readonly subjects: readonly SubjectReference[];
}

export interface Requester {
  readonly username: string;
  readonly groups: readonly string[];
}

/** A requested path or resource. `group` is empty for the core group. `name` and `namespace` are empty if missing. */
export type Attributes =
  | { readonly verb: string; readonly path: string }
  | {
      readonly verb: string;
      readonly group: string;
      readonly resource: string;
      readonly subresource?: string;
      readonly name?: string;
      readonly namespace?: string;
    };

/** Whether a binding of the requester refers to a role with a rule that allows the request. Permissions are purely additive. */
export function isPermitted(
  requester: Requester,
  attributes: Attributes,
  roles: readonly Role[],
  bindings: readonly Binding[],
): boolean {
  // User-facing roles: the group of cluster-admin is unrestricted.
  if (requester.groups.includes('system:masters')) return true;
  const namespace = 'path' in attributes ? '' : (attributes.namespace ?? '');
  return bindings.some((binding) => {
    // A RoleBinding grants within its namespace, even if it refers to a ClusterRole. A ClusterRoleBinding grants cluster-wide.
    if (binding.namespace !== undefined && binding.namespace !== namespace) return false;
    if (!binding.subjects.some((subject) => isSubject(subject, requester))) return false;
    const { kind, name } = binding.roleRef;
    const home = kind === 'Role' ? binding.namespace : undefined;
    const role = roles.find((one) => one.name === name && one.namespace === home);
    return role?.rules.some((rule) => permits(rule, attributes)) ?? false;
  });
}

function isSubject(subject: SubjectReference, { username, groups }: Requester): boolean {
  if (subject.kind === 'Group') return groups.includes(subject.name);
  if (subject.kind === 'User') return subject.name === username;
  // Names of ServiceAccounts have the prefix system:serviceaccount:.
  return `system:serviceaccount:${subject.namespace ?? ''}:${subject.name}` === username;
}

function permits(rule: Rule, attributes: Attributes): boolean {
  const matches = (values: readonly string[] = [], value: string): boolean =>
    values.some((one) => one === '*' || one === value);
  if (!matches(rule.verbs, attributes.verb)) return false;
  if ('path' in attributes) {
    // "*" in a nonResourceURL is a suffix glob.
    return (rule.nonResourceURLs ?? []).some((url) =>
      url.endsWith('*') ? attributes.path.startsWith(url.replace(/\*$/, '')) : url === attributes.path,
    );
  }
  const { group, resource, subresource, name = '' } = attributes;
  const asked = subresource === undefined ? resource : `${resource}/${subresource}`;
  // RBAC API: "*" represents all resources with their subresources, "*/scale" that subresource of all resources.
  const names = subresource === undefined ? [asked] : [asked, `*/${subresource}`];
  return (
    matches(rule.apiGroups, group) &&
    names.some((one) => matches(rule.resources, one)) &&
    // A rule without resourceNames applies to all objects.
    (rule.resourceNames === undefined || rule.resourceNames.length === 0 || rule.resourceNames.includes(name))
  );
}
