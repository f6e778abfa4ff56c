import { forbidden, notFound } from '../model/errors.ts';
import type { ResourceKind } from '../model/kinds.ts';
import type { UserInfo } from '../model/user.ts';
import type { Audit, KubeObject } from '../model/types.ts';
import { explainEscalation } from './explain.ts';
import { ruleAllows, type Authorizer } from './rbac.ts';
import type { Attributes, PolicyRule } from './types.ts';

/** Splits a rule into single grants, to be checked one by one. Only another `*` covers a `*`. */
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
 * Rejects grants of rights that the user does not hold (Kubernetes, "Privilege escalation prevention and bootstrapping"),
 * unless the user may `escalate` the role or `bind` it. A new object has no name to match against `escalate` ("Referring
 * to resources"). Throws `ApiError` 403, or 404 for a missing role.
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
  // The role does not exist, so its rules are unknown.
  if (granted === undefined) throw notFound(kind, may.name ?? '');
  const held = authorizer.rules(user, namespace);
  const missing = granted.filter(
    (rule) => !grantsOf(rule).every((grant) => held.some((heldRule) => ruleAllows(heldRule, grant))),
  );
  if (missing.length === 0) return;
  throw forbidden(kind, name, explainEscalation(user, missing));
}
