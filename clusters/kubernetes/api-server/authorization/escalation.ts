import { forbidden, notFound } from '../model/errors.ts';
import type { ResourceKind } from '../model/kinds.ts';
import type { UserInfo } from '../model/user.ts';
import type { Audit, KubeObject } from '../model/types.ts';
import { explainEscalation } from './explain.ts';
import { ruleAllows, type Authorizer } from './rbac.ts';
import type { Attributes, PolicyRule } from './types.ts';

/** The smallest grants that a rule is made of. A `*` stays: only another `*` covers it. */
function grantsOf(rule: PolicyRule): Attributes[] {
  return rule.verbs.flatMap((verb) => [
    ...(rule.nonResourceURLs ?? []).map((path) => ({ verb, path })),
    ...(rule.apiGroups ?? []).flatMap((group) =>
      (rule.resources ?? []).flatMap((path) => {
        const [resource = '', subresource] = path.split('/');
        const names = rule.resourceNames?.length ? rule.resourceNames : [undefined];
        return names.map((name) => ({
          verb,
          group,
          resource,
          ...(subresource === undefined ? {} : { subresource }),
          ...(name === undefined ? {} : { name }),
        }));
      }),
    ),
  ]);
}

/**
 * Nobody grants what he does not hold (Kubernetes documentation, "Privilege escalation prevention and bootstrapping"):
 * writing a role needs its rules or the verb `escalate`, writing a binding the role's rules or the verb `bind`.
 * An object that is made has no name yet for `escalate`, so rules for names do not count ("Referring to resources").
 * Throws `ApiError` 403, and 404 for a binding to a role that there is not.
 */
export function checkEscalation(
  { authorizer, audit }: { readonly authorizer: Authorizer; readonly audit: Audit },
  user: UserInfo,
  kind: ResourceKind,
  object: KubeObject,
  isNew: boolean,
): void {
  if (kind.group !== 'rbac.authorization.k8s.io') return;
  const { name, namespace } = object.metadata;
  const scope = namespace === undefined ? {} : { namespace };
  const binding = kind.resource.endsWith('bindings');
  const roleRef = object['roleRef'] as { kind: string; name: string } | undefined;
  const may = binding
    ? { verb: 'bind', resource: roleRef?.kind === 'Role' ? 'roles' : 'clusterroles', name: roleRef?.name ?? '' }
    : { verb: 'escalate', resource: kind.resource, ...(isNew ? {} : { name }) };
  audit(user.username, { group: kind.group, ...may, ...scope });
  if (authorizer.authorize(user, { group: kind.group, ...may, ...scope }).allowed) return;
  const granted = binding
    ? roleRef && authorizer.rulesOf(roleRef, namespace)
    : ((object['rules'] as PolicyRule[] | null | undefined) ?? []);
  // Of a role that there is not, nobody knows what it grants.
  if (granted === undefined) throw notFound(kind, may.name ?? '');
  const held = authorizer.rules(user, namespace);
  const missing = granted.filter(
    (rule) => !grantsOf(rule).every((grant) => held.some((own) => ruleAllows(own, grant))),
  );
  if (missing.length === 0) return;
  throw forbidden(kind, name, explainEscalation(user, missing));
}
