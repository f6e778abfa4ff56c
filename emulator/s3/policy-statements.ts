import { listOf, objectOf } from '../core/json.ts';
import { matchesTokens, tokenize, type ResolvedToken } from '../iam/policy/pattern.ts';

/**
 * What S3 demands of a bucket policy beyond IAM's grammar (S3 User Guide, "Troubleshoot bucket policies"): actions of S3, resources of this bucket, and a resource for each action that it can apply to.
 * @returns S3's text for the first thing that is wrong
 */
export function checkBucketStatements(bucketName: string, document: unknown): string | undefined {
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
  // A pattern in the bucket's part, such as `data*`, may reach into keys as well.
  return resources.some((resource) => /:::[^/]*[*?$]/.test(resource) || resource.includes('/') === ofObject);
}

function texts(value: unknown): string[] {
  return listOf(value).filter((item) => typeof item === 'string');
}
