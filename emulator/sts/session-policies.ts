import { deflateRawSync } from 'node:zlib';
import { AwsError } from '../../foundation/aws/aws-error.ts';
import { policyInForce } from '../world/policies-of.ts';
import type { SessionTag } from '../../identity/policy/principal.ts';
import type { World } from '../world/world.ts';
import { compilePolicy } from '../../identity/policy/index.ts';

/** Maximum characters of plain text (STS API Reference, AssumeRole, `Policy`). */
export const MAX_SESSION_POLICY_LENGTH = 2048;
export const MAX_SESSION_POLICY_ARNS = 10;

/** Maximum bytes of packed policies and tags. Undocumented. With this size, six usual tags take a little over half. */
const PACKED_SIZE = 512;
const PACKED_TAG_OVERHEAD = 6;

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

/** Returns a percentage (at least 1) or undefined. Managed policies count by ARN. Throws `PackedPolicyTooLarge`. */
export function packedPolicySize(
  policies: readonly string[],
  arns: readonly string[],
  tags: readonly SessionTag[],
): number | undefined {
  if (policies.length === 0 && arns.length === 0 && tags.length === 0) return undefined;
  const texts = [...policies, ...arns];
  const packedTexts = texts.length === 0 ? 0 : deflateRawSync(texts.join('\n')).length;
  const packedTags = tags.reduce((sum, tag) => sum + tag.key.length + tag.value.length + PACKED_TAG_OVERHEAD, 0);
  const percent = Math.ceil(((packedTexts + packedTags) / PACKED_SIZE) * 100);
  if (percent > 100) {
    const text =
      texts.length === 0
        ? `Packed size of session tags consumes ${percent}% of allotted space.`
        : `Packed policy consumes ${percent}% of allotted space, please use smaller policy.`;
    throw new AwsError('PackedPolicyTooLarge', 400, text);
  }
  return percent;
}
