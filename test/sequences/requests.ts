import { requestPath, type SessionRequest } from '../../identity/request.ts';
import type { UnknownKeys } from '../../identity/question.ts';
import { ACCOUNT, ask, NAME, OTHER, PLACE, ROLE, sessionOf, SIX, tagged } from './sequence.ts';
import type { Sequence } from './sequence.ts';

const KEYS = 'Service Authorization Reference, "Amazon S3"';
const GLOBAL = 'IAM User Guide, "AWS global condition context keys", "Properties of the resource"';
const KMS = 'S3 User Guide, "Using server-side encryption with AWS KMS keys"';
const SESSION = sessionOf(ROLE, NAME, { tags: tagged(SIX) });
const OBJECT = 'arn:aws:s3:::data/reports/q1.csv';
const KEY = `arn:aws:kms:us-west-2:${ACCOUNT}:key/1234abcd-12ab-34cd-56ef-1234567890ab`;
/** Keys of a signed request over TLS to a bucket. */
const SIGNED = {
  's3:TlsVersion': '1.3',
  's3:ResourceAccount': ACCOUNT,
  's3:authType': 'REST-HEADER',
  's3:signatureversion': 'AWS4-HMAC-SHA256',
};
/** Keys that depend on the request and the resource, which a caller can state. */
const UNSTATED = { 'aws:RequestTag/': '', 'aws:TagKeys': '', 'aws:ResourceTag/': '' };
const GET = { action: 's3:GetObject', resource: OBJECT, resourceAccount: ACCOUNT };
const S3 = { resourceAccount: ACCOUNT, unknown: { ...UNSTATED, 's3:': '' }, absent: [] };

const request = (more: Partial<SessionRequest> = {}, unknown: UnknownKeys = {}, principal = SESSION) => {
  return () => requestPath({ principal, unknown }, { ...GET, ...more });
};

export const SEQUENCES: readonly Sequence[] = [
  {
    title: 'GetObject has the keys of a signed request, and its other keys of S3 are unknown',
    source: KEYS,
    path: request(),
    steps: [ask('access', 's3:GetObject', OBJECT, SESSION, SIGNED, S3)],
  },
  {
    title: 'a stated tag of the object is a key of GetObject',
    source: 'S3 User Guide, "Tagging and access control policies"',
    path: request({ conditions: { 's3:ExistingObjectTag/team': 'blue' } }),
    steps: [ask('access', 's3:GetObject', OBJECT, SESSION, { ...SIGNED, 's3:ExistingObjectTag/team': 'blue' }, S3)],
  },
  {
    title: 'conditions with an empty value are absent, alone or with all keys that begin with them',
    source: 'IAM User Guide, "Condition operators", "Null"',
    path: request({ conditions: { 's3:versionid': '', 's3:ExistingObjectTag/': '', 's3:prefix': 'reports/' } }),
    steps: [
      ask(...(['access', 's3:GetObject', OBJECT, SESSION, { ...SIGNED, 's3:prefix': 'reports/' }] as const), {
        ...S3,
        absent: ['s3:versionid', 's3:ExistingObjectTag/'],
      }),
    ],
  },
  {
    title: 'a stated global key replaces the known one',
    source: 'IAM User Guide, "AWS global condition context keys"',
    path: request({ conditions: { 's3:TlsVersion': '1.2', 'aws:SourceIp': '192.0.2.1' } }),
    steps: [
      ask(
        ...(['access', 's3:GetObject', OBJECT, SESSION] as const),
        { ...SIGNED, 's3:TlsVersion': '1.2', 'aws:SourceIp': '192.0.2.1' },
        S3,
      ),
    ],
  },
  {
    title: 'the account of a bucket is unknown, because its ARN has none',
    source: `${GLOBAL}; S3 User Guide, "Amazon S3 condition key examples", s3:ResourceAccount`,
    path: request({ resourceAccount: undefined }),
    steps: [
      ask(...(['access', 's3:GetObject', OBJECT, SESSION, { ...SIGNED, 's3:ResourceAccount': '' }] as const), {
        ...S3,
        resourceAccount: '',
        unknown: { ...UNSTATED, 's3:': '', 'aws:ResourceAccount': '', 's3:ResourceAccount': '' },
      }),
    ],
  },
  {
    title: 'the account of a bucket in another account is the resource’s account',
    source: GLOBAL,
    path: request({ action: 's3:PutObject', resourceAccount: OTHER }),
    steps: [
      ask(
        'access',
        's3:PutObject',
        OBJECT,
        SESSION,
        { ...SIGNED, 's3:ResourceAccount': OTHER },
        {
          ...{ ...S3, resourceAccount: OTHER },
        },
      ),
    ],
  },
  {
    title: 'a request keeps the keys that are unknown of its session',
    source: 'EKS User Guide, "Grant Pods access to AWS resources based on tags"',
    path: request({}, { 'aws:PrincipalTag/kubernetes-pod-uid': '', 'aws:userid': 'AROAAPP:eks-' }),
    steps: [
      ask('access', 's3:GetObject', OBJECT, SESSION, SIGNED, {
        ...S3,
        unknown: {
          ...{ 'aws:PrincipalTag/kubernetes-pod-uid': '', 'aws:userid': 'AROAAPP:eks-' },
          ...{ ...UNSTATED, 's3:': '' },
        },
      }),
    ],
  },
  {
    title: 'reading an object with SSE-KMS asks for kms:Decrypt of its key after GetObject',
    source: KMS,
    path: request({ encryption: { action: 'kms:Decrypt', resource: KEY, resourceAccount: ACCOUNT } }),
    steps: [
      ask('access', 's3:GetObject', OBJECT, SESSION, SIGNED, S3),
      ask(
        'encryption',
        'kms:Decrypt',
        KEY,
        SESSION,
        { 'aws:RequestedRegion': 'us-west-2' },
        {
          ...{ unknown: { ...UNSTATED, 'kms:': '' }, absent: [] },
        },
      ),
    ],
  },
  {
    title: 'writing an object with SSE-KMS asks for kms:GenerateDataKey with the stated keys after PutObject',
    source: `${KMS}; KMS Developer Guide, "AWS KMS condition keys", kms:ViaService`,
    path: request({
      action: 's3:PutObject',
      conditions: { 's3:x-amz-server-side-encryption': 'aws:kms' },
      encryption: {
        ...{ action: 'kms:GenerateDataKey', resource: KEY.replace(ACCOUNT, OTHER), resourceAccount: OTHER },
        conditions: { 'kms:ViaService': 's3.us-west-2.amazonaws.com', 'kms:EncryptionContext:': '' },
      },
    }),
    steps: [
      ask(
        ...(['access', 's3:PutObject', OBJECT, SESSION] as const),
        { ...SIGNED, 's3:x-amz-server-side-encryption': 'aws:kms' },
        S3,
      ),
      ask(
        ...(['encryption', 'kms:GenerateDataKey', KEY.replace(ACCOUNT, OTHER), SESSION] as const),
        { 'aws:RequestedRegion': 'us-west-2', 'kms:ViaService': 's3.us-west-2.amazonaws.com' },
        { unknown: { ...UNSTATED, 'kms:': '' }, absent: ['kms:EncryptionContext:'] },
      ),
    ],
  },
  {
    title: 'a request to another service has the region of its ARN and no keys of S3',
    source: 'IAM User Guide, "AWS global condition context keys", aws:RequestedRegion',
    path: request({ action: 'sqs:SendMessage', resource: `arn:aws:sqs:eu-west-1:${ACCOUNT}:orders` }),
    steps: [
      ask(
        ...(['access', 'sqs:SendMessage', `arn:aws:sqs:eu-west-1:${ACCOUNT}:orders`, SESSION] as const),
        { 'aws:RequestedRegion': 'eu-west-1' },
        { unknown: { ...UNSTATED, 'sqs:': '' }, absent: [] },
      ),
    ],
  },
  {
    title: 'a request without a resource has no region, and its account is stated',
    source: 'Service Authorization Reference, actions without resource types',
    path: request({ action: 'sts:GetCallerIdentity', resource: '*', resourceAccount: ACCOUNT }),
    steps: [
      ask(
        'access',
        'sts:GetCallerIdentity',
        '*',
        SESSION,
        {},
        {
          ...{ resourceAccount: ACCOUNT, unknown: { ...UNSTATED, 'sts:': '' }, absent: [] },
        },
      ),
    ],
  },
  {
    title: 'stated tags and tag keys of a request are not unknown',
    source: 'IAM User Guide, "AWS global condition context keys", aws:RequestTag, aws:TagKeys and aws:ResourceTag',
    path: request({ conditions: { 'aws:RequestTag/': '', 'aws:TagKeys': 'team', 'aws:ResourceTag/': '', 's3:': '' } }),
    steps: [
      ask(...(['access', 's3:GetObject', OBJECT, SESSION, { ...SIGNED, 'aws:TagKeys': 'team' }] as const), {
        ...S3,
        unknown: {},
        absent: ['aws:RequestTag/', 'aws:ResourceTag/', 's3:'],
      }),
    ],
  },
  {
    title: 'a request of a session has the network of its pod in its principal',
    source: 'IAM User Guide, "AWS global condition context keys", "Properties of the network"',
    path: request({}, {}, { ...SESSION, requestContext: PLACE }),
    steps: [ask('access', 's3:GetObject', OBJECT, { ...SESSION, requestContext: PLACE }, SIGNED, S3)],
  },
];
