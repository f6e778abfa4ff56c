import type { World } from '../../core/world.ts';
import type { Role } from '../model.ts';
import { compilePolicy } from '../policy/index.ts';
import { principalExists, principalsOf, unknownService, withPrincipals } from '../principals.ts';
import type { IamCall } from './call.ts';
import { limitExceeded, malformedPolicy } from './errors.ts';
import { policyDocument, policySize, TRUST_POLICY_QUOTA } from './documents.ts';
import { changeRole } from './role-lookup.ts';

/**
 * Reads a role's trust policy. Throws `MalformedPolicyDocument` (400) when it is none, or names a service that does not
 * exist, or a role or user that does not or was made less than `delays.iam` ago; `LimitExceeded` (409) above the quota.
 */
export function readTrustPolicy(
  { context, request }: Pick<IamCall, 'context' | 'request'>,
  roleName: string,
  text: string,
): Pick<Role, 'trustPolicy' | 'trustPolicyText'> {
  const { compiled } = policyDocument(text, 'trust', `trust policy of role ${roleName}`);
  if (policySize(text) > TRUST_POLICY_QUOTA) {
    throw limitExceeded(`Cannot exceed quota for ACLSizePerRole: ${TRUST_POLICY_QUOTA}`);
  }
  for (const principal of principalsOf(text)) {
    const { type, value } = principal;
    const problem = type === 'Service' ? unknownService(context.world, value) : undefined;
    if (problem !== undefined) context.trace(request).notes.push(problem);
    if (problem !== undefined || !principalExists(context.world, principal)) {
      throw malformedPolicy(`Invalid principal in policy: "${type.toUpperCase()}":"${value}"`);
    }
  }
  return { trustPolicyText: text, trustPolicy: compiled };
}

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
      changeRole({ account }, role, { trustPolicyText: text, trustPolicy });
    }
  }
  for (const bucket of world.buckets.values()) {
    const text = bucket.policy && unbound(bucket.policy.text);
    if (bucket.policy === undefined || text === undefined) continue;
    const { kind, name } = bucket.policy.compiled;
    bucket.policy = { text, compiled: compilePolicy(text, { kind, name }) };
  }
}
