import type { MemoryStore } from '../store/memory-store.ts';
import type { KubeObject } from '../model/types.ts';
import type { Attributes, AuthorizationDecision, PolicyRule, RbacSubject } from './types.ts';
import { explainGrant } from './explain.ts';
import { decideForNode, nodeNameOf, NODE_RULES } from './node.ts';
import { parseServiceAccountUsername, type UserInfo } from '../model/user.ts';

function has(list: readonly string[] | undefined, value: string): boolean {
  return list !== undefined && (list.includes('*') || list.includes(value));
}

function allowsResource(rule: PolicyRule, resource: string, subresource: string | undefined): boolean {
  const wanted = subresource ? `${resource}/${subresource}` : resource;
  return (rule.resources ?? []).some(
    (allowed) => allowed === '*' || allowed === wanted || (!!subresource && allowed === `*/${subresource}`),
  );
}

/** Returns whether a rule allows an access (Kubernetes documentation, "Using RBAC Authorization"). */
export function ruleAllows(rule: PolicyRule, attributes: Attributes): boolean {
  if (!has(rule.verbs, attributes.verb)) return false;
  if ('path' in attributes) {
    return (rule.nonResourceURLs ?? []).some((url) =>
      url.endsWith('*') ? attributes.path.startsWith(url.slice(0, -1)) : attributes.path === url,
    );
  }
  const { group, resource, subresource, name } = attributes;
  if (!has(rule.apiGroups, group) || !allowsResource(rule, resource, subresource)) return false;
  const names = rule.resourceNames ?? [];
  return names.length === 0 || (!!name && names.includes(name));
}

function subjectIs(subject: RbacSubject, user: UserInfo): boolean {
  if (subject.kind === 'User') return subject.name === user.username;
  if (subject.kind === 'Group') return user.groups.includes(subject.name);
  const account = parseServiceAccountUsername(user.username);
  return account?.name === subject.name && account?.namespace === subject.namespace;
}

/** Authorizes requests of nodes, and by roles and bindings. `system:masters` may do everything. */
export class Authorizer {
  readonly #store: MemoryStore;

  constructor(store: MemoryStore) {
    this.#store = store;
  }

  authorize(user: UserInfo, attributes: Attributes): AuthorizationDecision {
    if (user.groups.includes('system:masters')) return { allowed: true, reason: '' };
    const forNode = this.#forNode(user, attributes);
    if (forNode === true) return { allowed: true, reason: '' };
    const namespace = 'path' in attributes ? undefined : attributes.namespace;
    for (const { rules, reason } of this.#grants(user, namespace)) {
      if (rules.some((rule) => ruleAllows(rule, attributes))) return { allowed: true, reason };
    }
    return { allowed: false, reason: forNode };
  }

  #forNode(user: UserInfo, attributes: Attributes): true | string {
    const node = nodeNameOf(user);
    if (node === undefined) return '';
    if (node === '') return `unknown node for user "${user.username}"`;
    const decision = 'path' in attributes ? undefined : decideForNode(this.#store, node, attributes);
    return decision ?? (NODE_RULES.some((rule) => ruleAllows(rule, attributes)) || '');
  }

  /** Returns a user's rules in a namespace; undefined: only cluster-wide rules. */
  rules(user: UserInfo, namespace: string | undefined): PolicyRule[] {
    return [...this.#grants(user, namespace)].flatMap((grant) => grant.rules);
  }

  /** Returns the rules of a role, or undefined if it does not exist. */
  rulesOf(
    roleRef: { readonly kind: string; readonly name: string },
    namespace: string | undefined,
  ): PolicyRule[] | undefined {
    const role =
      roleRef.kind === 'ClusterRole'
        ? this.#store.get('clusterroles', undefined, roleRef.name)
        : this.#store.get('roles', namespace, roleRef.name);
    return role && ((role['rules'] as PolicyRule[] | null | undefined) ?? []);
  }

  *#grants(user: UserInfo, namespace: string | undefined): Generator<{ rules: PolicyRule[]; reason: string }> {
    const bindings = [
      ...this.#store.list('clusterrolebindings'),
      ...(namespace === undefined ? [] : this.#store.list('rolebindings', namespace)),
    ];
    for (const binding of bindings) {
      const subject = subjects(binding).find((candidate) => subjectIs(candidate, user));
      if (subject === undefined) continue;
      const roleRef = binding['roleRef'] as { kind: string; name: string };
      const rules = this.rulesOf(roleRef, binding.metadata.namespace);
      if (rules !== undefined) yield { rules, reason: explainGrant(binding, subject) };
    }
  }
}

/** Returns the subjects. A service account's default namespace is that of its RoleBinding. */
function subjects(binding: KubeObject): RbacSubject[] {
  const { namespace } = binding.metadata;
  const named = (binding['subjects'] as RbacSubject[] | null | undefined) ?? [];
  return named.map((subject) =>
    namespace !== undefined && subject.kind === 'ServiceAccount' && !subject.namespace
      ? { ...subject, namespace }
      : subject,
  );
}
