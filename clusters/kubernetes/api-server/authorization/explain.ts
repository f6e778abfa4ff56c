import type { UserInfo } from '../model/user.ts';
import type { KubeObject } from '../model/types.ts';
import type { Attributes, PolicyRule, RbacSubject } from './types.ts';

/** Returns the text after "is forbidden: " in a 403. */
export function explainRefusal({ username }: UserInfo, attributes: Attributes): string {
  if ('path' in attributes) return `User "${username}" cannot ${attributes.verb} path "${attributes.path}"`;
  const { verb, group, namespace, resource, subresource } = attributes;
  const what = subresource ? `${resource}/${subresource}` : resource;
  const where = namespace === undefined ? 'at the cluster scope' : `in the namespace "${namespace}"`;
  return `User "${username}" cannot ${verb} resource "${what}" in API group "${group}" ${where}`;
}

/** Returns the reason in the style of a SubjectAccessReview. */
export function explainGrant(binding: KubeObject, subject: RbacSubject): string {
  const roleRef = binding['roleRef'] as { kind: string; name: string };
  const { name, namespace } = binding.metadata;
  const label = namespace === undefined ? `"${name}"` : `"${name}/${namespace}"`;
  const to = subject.kind === 'ServiceAccount' ? `${subject.name}/${subject.namespace ?? ''}` : subject.name;
  return `RBAC: allowed by ${binding.kind} ${label} of ${roleRef.kind} "${roleRef.name}" to ${subject.kind} "${to}"`;
}

export function explainEscalation(user: UserInfo, missing: readonly PolicyRule[]): string {
  const groups = user.groups.map((group) => `"${group}"`).join(' ');
  const rules = missing.map(explainRule).join('\n');
  return `user "${user.username}" (groups=[${groups}]) is attempting to grant RBAC permissions not currently held:\n${rules}`;
}

function explainRule(rule: PolicyRule): string {
  const parts = (
    [
      ['APIGroups', rule.apiGroups],
      ['Resources', rule.resources],
      ['ResourceNames', rule.resourceNames],
      ['NonResourceURLs', rule.nonResourceURLs],
      ['Verbs', rule.verbs],
    ] as const
  ).filter(([, list]) => list?.length);
  return `{${parts.map(([name, list]) => `${name}:[${(list ?? []).map((v) => `"${v}"`).join(' ')}]`).join(', ')}}`;
}
