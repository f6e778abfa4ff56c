import type { World } from '../../core/world.ts';
import { compilePolicy } from '../policy/index.ts';
import { withPrincipals } from '../principals.ts';

/**
 * IAM binds a role or user that a policy names as principal to its unique id, so that one of the same name that is made
 * later is not trusted (IAM User Guide, "AWS JSON policy elements: Principal", "IAM role principals"). As on AWS, the id
 * takes the ARN's place in the document once the role or user is deleted.
 */
export function unbindDeleted(world: World, { arn, id }: { readonly arn: string; readonly id: string }): void {
  const unbound = (text: string): string | undefined =>
    withPrincipals(text, (principal) =>
      principal.type === 'AWS' && principal.value === arn ? { ...principal, value: id } : principal,
    );
  for (const account of world.accounts.values()) {
    for (const role of [...account.roles.values()]) {
      const text = unbound(role.trustPolicyText);
      if (text === undefined) continue;
      const trustPolicy = compilePolicy(text, { kind: 'trust', name: role.trustPolicy.name });
      account.roles.set(role.name, { ...role, trustPolicyText: text, trustPolicy });
    }
  }
  for (const bucket of world.buckets.values()) {
    const text = bucket.policy && unbound(bucket.policy.text);
    if (bucket.policy === undefined || text === undefined) continue;
    const { kind, name } = bucket.policy.compiled;
    bucket.policy = { text, compiled: compilePolicy(text, { kind, name }) };
  }
}
