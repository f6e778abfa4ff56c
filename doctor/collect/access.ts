import type { RoleDetail } from '@aws-sdk/client-iam';
import { mapBounded } from '../../foundation/node/map-bounded.ts';
import { BOUNDARY, bucketOf, type Bucket, type Role } from '../snapshot/aws.ts';
import type { AwsAccount } from './aws-account.ts';
import { allPages } from './aws-client.ts';
import { ANOTHER_ACCOUNT, orNull, Unreadable, type Gaps } from './gaps.ts';

/** What `can` asks about, so that the collector reads the policies that decide. */
export interface AccessScope {
  /** ARNs. The collector reads the policies of buckets among them. */
  readonly resources: readonly string[];
  /** The only service account to read the roles of. Undefined: all roles of the account are read. */
  readonly subject?: { readonly namespace: string; readonly serviceAccount: string };
}

const CONCURRENT = 16;
/** The most that IAM returns at once (IAM API Reference, "GetAccountAuthorizationDetails"). */
const PAGE = 1000;

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

/** S3's answer for a bucket of the account that has no policy is an error. */
async function withoutPolicy<T extends object>(reading: Promise<T | null>): Promise<T | { Policy?: undefined } | null> {
  try {
    return await reading;
  } catch (error) {
    if (error instanceof Unreadable && error.reason === 'NoSuchBucketPolicy') return {};
    throw error;
  }
}

/** S3 refuses alike what the caller may not read and what another account owns. Unknown counts as the own account. */
async function isInAccount({ call }: AwsAccount, gaps: Gaps, name: string): Promise<boolean> {
  const listed = await gaps.attempt(() => call('s3:ListAllMyBuckets', { Prefix: name, MaxBuckets: 1 }), name);
  return listed === undefined || (listed.Buckets ?? []).some(({ Name }) => Name === name);
}

/** Reads all roles of the account with their policies; undefined after recording a gap. */
export async function readAllRoles(
  { call }: AwsAccount,
  gaps: Gaps,
  progress: (line: string) => void,
): Promise<Readonly<Record<string, Role>> | undefined> {
  return gaps.attempt(async () => {
    const managed = new Map<string, string>();
    const details = await allPages(
      (Marker) =>
        call('iam:GetAccountAuthorizationDetails', {
          Filter: ['Role', 'LocalManagedPolicy', 'AWSManagedPolicy'],
          MaxItems: PAGE,
          Marker,
        }),
      ({ Policies = [], RoleDetailList = [] }) => {
        for (const { Arn = '', PolicyVersionList = [] } of Policies)
          for (const { IsDefaultVersion: isDefault, Document: text = '' } of PolicyVersionList)
            if (isDefault) managed.set(Arn, decodeURIComponent(text));
        progress(`${RoleDetailList.length} roles`);
        return RoleDetailList;
      },
    );
    return Object.fromEntries(details.map((detail) => [detail.Arn ?? '', roleOf(detail, managed)]));
  });
}

function roleOf(detail: RoleDetail, managed: ReadonlyMap<string, string>): Role {
  const { Arn: arn = '', RoleName: name = '', RoleId: id, Tags: tags = [], RolePolicyList: inline = [] } = detail;
  const { AttachedManagedPolicies: attached = [], PermissionsBoundary: boundary } = detail;
  const limit = boundary?.PermissionsBoundaryArn;
  const unread = (policy: string) => ({ policy, reason: 'IAM did not return it' });
  const missing = [
    ...attached.flatMap(({ PolicyArn = '', PolicyName = PolicyArn }) => (managed.has(PolicyArn) ? [] : PolicyName)),
    ...(limit === undefined || managed.has(limit) ? [] : [BOUNDARY]),
  ];
  const boundaryText = limit === undefined ? undefined : managed.get(limit);
  return {
    arn,
    name,
    ...(id !== undefined && { id }),
    tags: Object.fromEntries(tags.map(({ Key = '', Value = '' }) => [Key, Value])),
    trustPolicy: decodeURIComponent(detail.AssumeRolePolicyDocument ?? ''),
    policies: Object.fromEntries([
      ...attached.flatMap(({ PolicyArn = '', PolicyName = '' }) => {
        const text = managed.get(PolicyArn);
        const isTaken = inline.some((one) => one.PolicyName === PolicyName);
        return text === undefined ? [] : [[isTaken ? PolicyArn : PolicyName, text] as const];
      }),
      ...inline.map(({ PolicyName = '', PolicyDocument = '' }) => [PolicyName, decodeURIComponent(PolicyDocument)]),
    ]) as Readonly<Record<string, string>>,
    ...(boundaryText !== undefined && { permissionsBoundary: boundaryText }),
    ...(missing.length > 0 && { unread: missing.map(unread) }),
  };
}
