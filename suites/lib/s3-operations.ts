/** Every operation of S3 with the permissions that it needs. Sessions may use only one action each. */
import {
  allow,
  asSession,
  deleteObjects,
  fails,
  signedRequest,
  succeeds,
  type SignedRequestOptions,
  type Step,
} from '../../harness/index.ts';
import { NOT_IN_SESSION_POLICY } from './outcomes.ts';
import { copyOf, ONE_PART, refusedWith, teamTag, withHeader, withMd5, xml, xmlTags } from './s3-requests.ts';
import type { Session } from './sessions.ts';

export const REQUIRED_PERMISSIONS = 'Amazon S3 User Guide, "Required permissions for Amazon S3 API operations"';
const NO_UPLOAD = refusedWith('NoSuchUpload', 404);
const BLOCKS = ['BlockPublicAcls', 'IgnorePublicAcls', 'BlockPublicPolicy', 'RestrictPublicBuckets'];
const BLOCK_ALL = xml('PublicAccessBlockConfiguration', BLOCKS.map((name) => `<${name}>true</${name}>`).join(''));
const ATTRIBUTES = withHeader('x-amz-object-attributes', 'ETag');
const CONTROL = { headers: { 'x-amz-account-id': '<account:main>' } };
const BUCKET_TAGS = 's3-control:/v20180820/tags/arn%3Aaws%3As3%3A%3A%3A<bucket:data>';
const ACCOUNT_BLOCK = 's3-control:/v20180820/configuration/publicAccessBlock';
const POLICY = JSON.stringify({
  Version: '2012-10-17',
  Statement: [{ Effect: 'Deny', Principal: '*', Action: 's3:GetObject', Resource: 'arn:aws:s3:::<bucket:data>/none' }],
});

/** All actions of the operations below, on buckets of the scenario and on the account. */
export const ALL_OF_S3 = [
  allow('s3:*', ['data', 'data/*', 'unmade']),
  allow(['s3:ListAllMyBuckets', 's3:*AccountPublicAccessBlock'], '*'),
];

interface Operation {
  /** All of them are needed. */
  readonly needs: readonly string[];
  readonly options?: SignedRequestOptions;
  /** The error for a session with these permissions, if it is not a success. */
  readonly end?: typeof NO_UPLOAD;
}
const needing = (needs: string, options?: SignedRequestOptions, end?: typeof NO_UPLOAD): Operation => ({
  needs: needs.split(' ').map((name) => `s3:${name}`),
  ...(options && { options }),
  ...(end && { end }),
});
/** By request, to bucket `data` and its object `key`. */
const OPERATIONS: Readonly<Record<string, Operation>> = {
  'GET s3:/': needing('ListAllMyBuckets'),
  'PUT unmade': needing('CreateBucket'),
  'HEAD data': needing('ListBucket'),
  'GET data': needing('ListBucket'),
  'GET data?list-type=2': needing('ListBucket'),
  'GET data?versions': needing('ListBucketVersions'),
  'GET data?uploads': needing('ListBucketMultipartUploads'),
  'GET data?location': needing('GetBucketLocation'),
  'GET data?policy': needing('GetBucketPolicy'),
  'PUT data?policy': needing('PutBucketPolicy', { body: POLICY }),
  'DELETE data?policy': needing('DeleteBucketPolicy'),
  'GET data?policyStatus': needing('GetBucketPolicyStatus'),
  'GET data?tagging': needing('GetBucketTagging'),
  'PUT data?tagging': needing('PutBucketTagging', teamTag('red')),
  'DELETE data?tagging': needing('PutBucketTagging'),
  'GET data?versioning': needing('GetBucketVersioning'),
  'PUT data?versioning': needing(
    'PutBucketVersioning',
    withMd5(xml('VersioningConfiguration', '<Status>Suspended</Status>')),
  ),
  'GET data?abac': needing('GetBucketAbac'),
  'PUT data?abac': needing('PutBucketAbac', withMd5(xml('AbacStatus', '<Status>Disabled</Status>'))),
  'GET data?publicAccessBlock': needing('GetBucketPublicAccessBlock'),
  'PUT data?publicAccessBlock': needing('PutBucketPublicAccessBlock', withMd5(BLOCK_ALL)),
  'DELETE data?publicAccessBlock': needing('PutBucketPublicAccessBlock'),
  'DELETE data': needing('DeleteBucket'),
  'GET data/key': needing('GetObject'),
  'GET data/key?partNumber=1': needing('GetObject'),
  'GET data/key?response-content-type=text%2Fplain': needing('GetObject'),
  'HEAD data/key': needing('GetObject'),
  'GET data/key?versionId=null': needing('GetObjectVersion'),
  'HEAD data/key?versionId=null': needing('GetObjectVersion'),
  'GET data/key?attributes': needing('GetObject GetObjectAttributes', ATTRIBUTES),
  'GET data/key?attributes&versionId=null': needing('GetObjectVersion GetObjectVersionAttributes', ATTRIBUTES),
  'GET data/key?tagging': needing('GetObjectTagging'),
  'GET data/key?tagging&versionId=null': needing('GetObjectVersionTagging'),
  'PUT data/key?tagging': needing('PutObjectTagging', teamTag('red')),
  'PUT data/key?tagging&versionId=null': needing('PutObjectVersionTagging', teamTag('red')),
  'DELETE data/key?tagging': needing('DeleteObjectTagging'),
  'DELETE data/key?tagging&versionId=null': needing('DeleteObjectVersionTagging'),
  'PUT data/new': needing('PutObject', { body: 'one' }),
  'PUT data/tagged': needing('PutObject PutObjectTagging', withHeader('x-amz-tagging', 'team=red')),
  'PUT data/compared': needing('PutObject GetObject', withHeader('if-match', '"one"'), refusedWith('NoSuchKey', 404)),
  'PUT data/copy': needing('GetObject PutObject', copyOf('data/key')),
  'PUT data/copied-version': needing('GetObjectVersion PutObject', copyOf('data/key?versionId=null')),
  'POST data/parts?uploads': needing('PutObject'),
  'POST data/tagged-parts?uploads': needing('PutObject PutObjectTagging', withHeader('x-amz-tagging', 'team=red')),
  'PUT data/parts?partNumber=1&uploadId=none': needing('PutObject', { body: 'one' }, NO_UPLOAD),
  'PUT data/copied-part?partNumber=1&uploadId=none': needing('GetObject PutObject', copyOf('data/key'), NO_UPLOAD),
  'POST data/parts?uploadId=none': needing('PutObject', ONE_PART, NO_UPLOAD),
  'GET data/parts?uploadId=none': needing('ListMultipartUploadParts', {}, NO_UPLOAD),
  'DELETE data/parts?uploadId=none': needing('AbortMultipartUpload', {}, NO_UPLOAD),
  'DELETE data/none': needing('DeleteObject'),
  'DELETE data/none?versionId=null': needing('DeleteObjectVersion'),
  [`GET ${BUCKET_TAGS}`]: needing('ListTagsForResource', CONTROL),
  [`POST ${BUCKET_TAGS}`]: needing('TagResource', {
    ...CONTROL,
    body: `<TagResourceRequest xmlns="http://awss3control.amazonaws.com/doc/2018-08-20/"><Tags>${xmlTags(['team', 'red'])}</Tags></TagResourceRequest>`,
  }),
  [`DELETE ${BUCKET_TAGS}?tagKeys=team`]: needing('UntagResource', CONTROL),
  [`GET ${ACCOUNT_BLOCK}`]: needing('GetAccountPublicAccessBlock', CONTROL),
  [`PUT ${ACCOUNT_BLOCK}`]: needing('PutAccountPublicAccessBlock', { ...CONTROL, body: BLOCK_ALL }),
  [`DELETE ${ACCOUNT_BLOCK}`]: needing('PutAccountPublicAccessBlock', CONTROL),
};

/**
 * Returns probes of every operation with a session of a role that may use all of S3, and whose session policy allows one
 * action, such as `s3:GetObject`.
 */
export const allowsOnly = (action: string, session: Session): readonly Step[] => [
  ...Object.entries(OPERATIONS).map(([request, { needs, options, end }]) => {
    const call = signedRequest(session, request, options);
    if (needs.some((needed) => needed !== action))
      // An answer to HEAD has no body.
      return fails(call, request.startsWith('HEAD') ? refusedWith('403', 403) : NOT_IN_SESSION_POLICY);
    return end === undefined ? succeeds(call) : fails(call, end);
  }),
  succeeds(
    asSession(session, deleteObjects('data', ['none'])),
    action === 's3:DeleteObject' ? { deleted: 1 } : { deleted: 0, refusals: 'AccessDenied' },
  ),
];
