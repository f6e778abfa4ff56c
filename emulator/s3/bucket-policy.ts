import { AwsError, errorKind } from '../../foundation/aws/aws-error.ts';
import { isJsonObject, listOf, objectOf } from '../../foundation/node/json.ts';
import type { ServiceResponse } from '../core/service.ts';
import type { World } from '../world/world.ts';
import { compilePolicy } from '../../identity/policy/index.ts';
import type { PolicyDocument } from '../iam/model.ts';
import { principalExists, principalsOf, withPrincipals, type NamedPrincipal } from '../world/principals.ts';
import { onBucket } from './authorize.ts';
import { owner } from './buckets.ts';
import { setting, type Handler, type S3Call } from './call.ts';
import { s3Error } from './errors.ts';
import { checkIntegrity } from './integrity.ts';
import type { Bucket } from '../world/s3-model.ts';
import { blocks, isPublicPolicy } from './public-access.ts';
import { xmlAnswer } from './xml.ts';
import { matchesTokens, tokenize, type ResolvedToken } from '../../identity/policy/pattern.ts';

const MOST_BYTES = 20 * 1024;

export const getBucketPolicy = onOwnBucket('s3:GetBucketPolicy', (bucket) => {
  const { text } = policyOf(bucket);
  return { status: 200, headers: { 'content-type': 'application/json' }, body: text };
});

export const getBucketPolicyStatus = onBucket('s3:GetBucketPolicyStatus', (bucket) => {
  const IsPublic = isPublicPolicy(policyOf(bucket).text);
  return xmlAnswer('PolicyStatus', { IsPublic });
});

export const putBucketPolicy = onOwnBucket('s3:PutBucketPolicy', (bucket, call) => {
  checkIntegrity(call.request);
  const text = call.request.body.toString('utf8');
  if (call.request.body.length > MOST_BYTES) {
    throw malformedPolicy('Normalized policy document exceeds the maximum allowed size of 20480 bytes.');
  }
  const policy = readBucketPolicy(call, bucket, text);
  if (isPublicPolicy(policy.text) && blocks(call, bucket, 'BlockPublicPolicy')) {
    throw new AwsError(
      'AccessDenied',
      403,
      `User: ${call.request.caller?.arn ?? 'anonymous'} is not authorized to perform: s3:PutBucketPolicy on resource: ` +
        `"arn:aws:s3:::${bucket.name}" because public policies are blocked by the BlockPublicPolicy block public access setting.`,
    );
  }
  return setting(bucket, 'policy', policy, 204);
});

export const deleteBucketPolicy = onOwnBucket('s3:DeleteBucketPolicy', (bucket) =>
  setting(bucket, 'policy', undefined, 204),
);

/** Only callers of the bucket's account may call these. */
function onOwnBucket(action: string, handle: (bucket: Bucket, call: S3Call) => ServiceResponse): Handler {
  return onBucket(action, (bucket, call) => {
    const { caller, method } = call.request;
    if (caller?.accountId !== bucket.accountId) throw s3Error('MethodNotAllowed', { Method: method });
    return handle(bucket, call);
  });
}

function policyOf({ policy, name }: Bucket): PolicyDocument {
  if (policy === undefined) throw s3Error('NoSuchBucketPolicy', { BucketName: name });
  return policy;
}

function readBucketPolicy({ context, request }: S3Call, bucket: Bucket, given: string): PolicyDocument {
  if (!isJsonText(given)) throw malformedPolicy("Policies must be valid JSON and the first byte must be '{'");
  const { world } = context;
  const options = { kind: 'resource', name: `bucket policy of ${bucket.name}` } as const;
  let document: PolicyDocument;
  try {
    document = { text: given, compiled: compilePolicy(given, options) };
    const text = withPrincipals(given, (principal) => canonicalUserReplaced(world, principal));
    if (text !== undefined) document = { text, compiled: compilePolicy(text, options) };
  } catch (error) {
    const message = error instanceof Error ? error.message : 'Policies must be valid JSON';
    throw malformedPolicy(INVALID_PRINCIPAL.test(message) ? 'Invalid principal in policy' : message);
  }
  const invalid = principalsOf(document.text).find((principal) => !principalExists(world, principal));
  if (invalid !== undefined) {
    context.trace(request).notes.push(`the bucket policy names the principal "${invalid.value}", which does not exist`);
    throw malformedPolicy('Invalid principal in policy');
  }
  const problem = checkBucketStatements(bucket.name, JSON.parse(document.text));
  if (problem !== undefined) throw malformedPolicy(problem);
  return document;
}

/** S3 has one message for several of IAM's. */
const INVALID_PRINCIPAL = /^(Invalid principal in policy|Federated principals must)/;

/** S3 replaces a canonical user id with the account (IAM User Guide, "AWS JSON policy elements: Principal"). */
function canonicalUserReplaced(world: World, principal: NamedPrincipal): NamedPrincipal {
  if (principal.type !== 'CanonicalUser') return principal;
  const account = [...world.accounts.keys()].find((id) => owner(id)['ID'] === principal.value);
  if (account === undefined) throw malformedPolicy('Invalid principal in policy');
  return { type: 'AWS', value: `arn:${world.partition}:iam::${account}:root` };
}

function isJsonText(text: string): boolean {
  try {
    return text.startsWith('{') && isJsonObject(JSON.parse(text));
  } catch {
    return false;
  }
}

const malformedPolicy = errorKind('MalformedPolicy', 400);

/**
 * Checks S3's additional rules (S3 User Guide, "Troubleshoot bucket policies"): actions of S3, and resources of this
 * bucket to which they apply. Returns S3's message for the first violation.
 */
function checkBucketStatements(bucketName: string, document: unknown): string | undefined {
  for (const statement of listOf(objectOf(document)['Statement'])) {
    const actions = texts(objectOf(statement)['Action']);
    if (!actions.every((action) => action === '*' || /^s3:/i.test(action))) return 'Policy has invalid action';
    const resources = texts(objectOf(statement)['Resource']);
    const patterns = [...resources, ...texts(objectOf(statement)['NotResource'])];
    if (!patterns.every((resource) => isOfBucket(resource, bucketName))) return 'Policy has invalid resource';
    if (resources.length > 0 && !actions.every((action) => hasResource(action, resources))) {
      return 'Action does not apply to any resource(s) in statement';
    }
  }
  return undefined;
}

function isOfBucket(resource: string, bucketName: string): boolean {
  const bucketPart = /^arn:[^:]+:s3:::([^/]+)/.exec(resource)?.[1];
  if (bucketPart === undefined) return false;
  if (bucketPart.includes('${')) return true;
  return matchesTokens(tokenize(bucketPart, { wildcards: true, variables: false }) as ResolvedToken[], bucketName);
}

const OBJECT_ACTION =
  /^s3:(?:(?!.*Bucket)\w*Object\w*|AbortMultipartUpload|ListMultipartUploadParts|ReplicateDelete|ReplicateTags)$/i;

function hasResource(action: string, resources: readonly string[]): boolean {
  if (action.includes('*') || action.includes('?')) return true;
  const ofObject = OBJECT_ACTION.test(action);
  // A pattern such as `data*` may match keys as well.
  return resources.some((resource) => /:::[^/]*[*?$]/.test(resource) || resource.includes('/') === ofObject);
}

function texts(value: unknown): string[] {
  return listOf(value).filter((item) => typeof item === 'string');
}
