import type { Principal, SessionTag } from './policy/principal.ts';
import { requestTagContext } from './policy/tag-context.ts';

/** Returns the tags that a session passes on to the next role (IAM User Guide, "Chaining roles with session tags"). */
export const inheritedTags = (principal: Principal): readonly SessionTag[] =>
  principal.kind === 'role-session' ? principal.tags.filter(({ transitive }) => transitive) : [];

/** Returns an inherited tag that a request would set again, which STS rejects (IAM User Guide, "Chaining roles with session tags"). */
export function overriddenTag(
  passed: readonly Pick<SessionTag, 'key'>[],
  transitiveKeys: readonly string[],
  principal: Principal,
): SessionTag | undefined {
  const keys = new Set([...passed.map(({ key }) => key), ...transitiveKeys].map((key) => key.toLowerCase()));
  return inheritedTags(principal).find(({ key }) => keys.has(key.toLowerCase()));
}

/** Inherited tags count as request tags, so that a target role's trust policy can check them (EKS User Guide). */
export function sessionTagContext(tags: readonly SessionTag[]): Record<string, string | readonly string[]> {
  const transitive = tags.filter((tag) => tag.transitive).map((tag) => tag.key);
  return {
    ...requestTagContext(new Map(tags.map(({ key, value }) => [key, value]))),
    ...(transitive.length > 0 ? { 'sts:TransitiveTagKeys': transitive } : {}),
  };
}
