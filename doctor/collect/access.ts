import { mapBounded } from '../../foundation/node/map-bounded.ts';
import { bucketOf, type Bucket } from '../snapshot/aws.ts';
import { ANOTHER_ACCOUNT } from '../snapshot/snapshot.ts';
import type { AwsAccount } from './aws-account.ts';
import { orNull, Unreadable, type Gaps } from './gaps.ts';

/** What `can` asks about, so that the collector reads the policies that decide. */
export interface AccessScope {
  /** ARNs. The collector reads the policies of buckets among them. */
  readonly resources: readonly string[];
  /** The only service account to read the roles of. Undefined: all roles of the account are read. */
  readonly subject?: { readonly namespace: string; readonly serviceAccount: string };
}

const CONCURRENT = 16;

export const isInScope = (
  scope: AccessScope | undefined,
  { namespace, name }: { readonly namespace?: string; readonly name: string },
): boolean =>
  scope?.subject === undefined || (scope.subject.namespace === namespace && scope.subject.serviceAccount === name);

/** Reads the buckets of the resources. Parts that cannot be read are gaps. */
export async function readBuckets(
  account: AwsAccount,
  gaps: Gaps,
  resources: readonly string[],
): Promise<Readonly<Record<string, Bucket | null>>> {
  const names = new Set(resources.flatMap((arn) => bucketOf(arn) ?? []));
  return Object.fromEntries(
    await mapBounded([...names], CONCURRENT, async (name) => [name, await readBucket(account, gaps, name)] as const),
  );
}

async function readBucket(account: AwsAccount, gaps: Gaps, name: string): Promise<Bucket | null> {
  const { call, accountId } = account;
  const bucket = { Bucket: name, ExpectedBucketOwner: accountId };
  let policy: string | null | undefined;
  try {
    const answer = await withoutPolicy(orNull(call('s3:GetBucketPolicy', bucket)));
    if (answer === null) return null;
    policy = answer.Policy ?? null;
  } catch (error) {
    if (!(error instanceof Unreadable)) throw error;
    const isOwn = await isInAccount(account, gaps, name);
    gaps.add(error.right, isOwn ? error.reason : ANOTHER_ACCOUNT, name);
    if (!isOwn) return { name };
  }
  const encryption = await gaps.attempt(() => call('s3:GetEncryptionConfiguration', bucket), name);
  const rule = encryption?.ServerSideEncryptionConfiguration?.Rules?.[0]?.ApplyServerSideEncryptionByDefault;
  // Without an id, S3 uses the account's AWS managed key.
  const key = /kms/.test(rule?.SSEAlgorithm ?? '') ? (rule?.KMSMasterKeyID ?? 'alias/aws/s3') : null;
  return { name, accountId, ...(policy !== undefined && { policy }), ...(encryption && { key }) };
}

/** Returns null if the bucket has no policy, for which S3 answers with an error. */
async function withoutPolicy<T extends object>(reading: Promise<T | null>): Promise<T | { Policy?: undefined } | null> {
  try {
    return await reading;
  } catch (error) {
    if (error instanceof Unreadable && error.reason === 'NoSuchBucketPolicy') return {};
    throw error;
  }
}

/** Whether the account owns the bucket; true if unknown. S3's error for buckets of others is that for missing permission. */
async function isInAccount({ call }: AwsAccount, gaps: Gaps, name: string): Promise<boolean> {
  const listed = await gaps.attempt(() => call('s3:ListAllMyBuckets', { Prefix: name, MaxBuckets: 1 }), name);
  return listed === undefined || (listed.Buckets ?? []).some(({ Name }) => Name === name);
}
