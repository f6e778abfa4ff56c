import { AwsError } from '../../foundation/aws/aws-error.ts';
import { policyInForce } from '../world/policies-of.ts';
import type { World } from '../world/world.ts';
import { compilePolicy } from '../../identity/policy/index.ts';

/** Maximum characters of plain text (STS API Reference, AssumeRole, `Policy`). */
export const MAX_SESSION_POLICY_LENGTH = 2048;
export const MAX_SESSION_POLICY_ARNS = 10;

/** Returns inline and managed session policies. Throws `MalformedPolicyDocument` for an invalid or missing one. */
export function resolveSessionPolicies(
  world: World,
  accountId: string,
  policies: readonly string[],
  arns: readonly string[],
): readonly string[] {
  for (const text of policies) compilePolicy(text, { kind: 'session', name: 'session policy' });
  const managed = arns.map((arn) => {
    const document = policyInForce(world, accountId, arn);
    if (document === undefined) {
      throw new AwsError('MalformedPolicyDocument', 400, `Policy ${arn} does not exist in the role's account.`);
    }
    return document.text;
  });
  return [...policies, ...managed];
}
