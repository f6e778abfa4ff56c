import { isIPv6 } from 'node:net';
import { listOf, objectOf } from '../../foundation/node/json.ts';
import type { S3Call } from './call.ts';
import type { Bucket, PublicAccessBlock } from '../world/s3-model.ts';

/** Condition keys in lower case whose fixed values make a statement non-public. */
const FIXED_KEYS: ReadonlySet<string> = new Set([
  ...['aws:principalarn', 'aws:principalaccount', 'aws:principalorgid', 'aws:sourcearn', 'aws:sourcevpc'],
  ...['aws:sourcevpce', 'aws:sourceowner', 'aws:sourceaccount', 'aws:userid', 's3:dataaccesspointarn'],
  ...['s3:dataaccesspointaccount', 's3:x-amz-server-side-encryption-aws-kms-key-id'],
]);
const POSITIVE =
  /^(?:ForAnyValue:)?(?:String(?:Equals(?:IgnoreCase)?|Like)|Arn(?:Equals|Like)|IpAddress|BinaryEquals)$/;

/** Whether a policy is public. It is not if every Allow is for fixed principals or certain fixed values (S3 User Guide, "The meaning of public"). */
export function isPublicPolicy(policy: string): boolean {
  return listOf(objectOf(JSON.parse(policy))['Statement'])
    .map(objectOf)
    .some(({ Effect, Principal, Condition }) => Effect === 'Allow' && isEveryone(Principal) && !isNarrowed(Condition));
}

/** An Allow with `NotPrincipal` has no `Principal` and means everyone else. */
function isEveryone(principal: unknown): boolean {
  if (principal === undefined || principal === '*') return true;
  return Object.values(objectOf(principal)).some((names) => listOf(names).includes('*'));
}

function isNarrowed(conditions: unknown): boolean {
  return Object.entries(objectOf(conditions)).some(
    ([operator, keys]) =>
      POSITIVE.test(operator) &&
      Object.entries(objectOf(keys)).some(([key, values]) => {
        const isFixed = key.toLowerCase() === 'aws:sourceip' ? isNarrowRange : isFixedValue(key.toLowerCase());
        return listOf(values).every((value) => typeof value === 'string' && isFixed(value));
      }),
  );
}

function isFixedValue(key: string): (value: string) => boolean {
  // The name of an access point may be a pattern, but not its account.
  const fixed = key === 's3:dataaccesspointarn' ? /^arn:[^:*?]+:s3:[^:]*:\d{12}:/ : /^(?!.*(?:[*?]|\$\{))/;
  return (value) => FIXED_KEYS.has(key) && fixed.test(value);
}

/** Ranges broader than /8 (/32 for IPv6) are public. */
function isNarrowRange(range: string): boolean {
  const [address = '', bits] = range.split('/');
  return bits === undefined || Number(bits) >= (isIPv6(address) ? 32 : 8);
}

/** Returns the stricter of the bucket's and the account's settings (same section). */
export function blocks({ context }: S3Call, bucket: Bucket, setting: keyof PublicAccessBlock): boolean {
  const account = context.world.account(bucket.accountId)?.publicAccessBlock;
  return bucket.publicAccessBlock?.[setting] === true || account?.[setting] === true;
}

/** With `RestrictPublicBuckets`, a public policy grants nothing to other accounts, except AWS services. */
export function restrictsPublicPolicy(call: S3Call, bucket: Bucket): boolean {
  if (bucket.policy === undefined || call.request.caller?.accountId === bucket.accountId) return false;
  if (!blocks(call, bucket, 'RestrictPublicBuckets') || !isPublicPolicy(bucket.policy.text)) return false;
  call.context
    .trace(call.request)
    .notes.push("RestrictPublicBuckets limits the public bucket policy to the bucket's own account");
  return true;
}
