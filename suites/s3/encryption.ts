/** Objects that S3 encrypts with KMS keys. */
import {
  allow,
  denied,
  deny,
  forPrincipal,
  getObject,
  granted,
  mayNot,
  podIdentityRole,
  putObject,
  suite,
} from '../../harness/index.ts';
import { ALLOWED_BY_NONE, DENIED, DENIED_BY_BUCKET, NOT_ALLOWED } from '../lib/outcomes.ts';

const USES = ['kms:GenerateDataKey', 'kms:Decrypt'];
const OBJECTS = allow(['s3:PutObject', 's3:GetObject'], 'data/*');
const NOT_BY_KEY_POLICY = { ...NOT_ALLOWED, policy: 'resource' } as const;

suite('s3', ({ scenario }) => {
  scenario('OB-44', 'the policy of a KMS key decides who reads and writes objects that it encrypts', {
    source:
      'Amazon S3 User Guide, "Using server-side encryption with AWS KMS keys"; KMS Developer Guide, "Key policies in AWS KMS", "Condition keys for AWS KMS"',
    roles: {
      app: podIdentityRole(OBJECTS, allow(USES, ['<key:shared>', '<key:closed>'])),
      reader: podIdentityRole(OBJECTS),
      banned: podIdentityRole(OBJECTS, allow(USES, '<key:shared>'), deny('kms:Decrypt', '*')),
    },
    workloads: {
      app: { role: 'app' },
      reader: { serviceAccount: 'reader', role: 'reader' },
      banned: { serviceAccount: 'banned', role: 'banned' },
    },
    keys: {
      // The default key policy lets identity policies decide.
      shared: {},
      closed: { policy: forPrincipal('<role:banned>', allow('kms:*', '*')) },
      // Only through S3, and only for objects below `red/`.
      bound: {
        policy: forPrincipal(
          '<role:app>',
          allow(USES, '*', {
            StringEquals: { 'kms:ViaService': 's3.<region:c1>.amazonaws.com', 'kms:CallerAccount': '<account:main>' },
            StringLike: { 'kms:EncryptionContext:aws:s3:arn': 'arn:aws:s3:::<bucket:data>/red/*' },
          }),
        ),
      },
    },
    objects: [{ at: 'data/key', kmsKey: 'shared' }],
    probes: [
      granted('app', getObject('data/key')),
      denied('reader', getObject('data/key'), NOT_ALLOWED),
      denied('banned', getObject('data/key'), DENIED),
      granted('app', putObject('data/new', { kmsKey: 'shared' })),
      granted('banned', putObject('data/other', { kmsKey: 'shared' })),
      denied('app', putObject('data/closed', { kmsKey: 'closed' }), NOT_BY_KEY_POLICY),
      // The role's own permissions do not name this key.
      granted('app', putObject('data/red/key', { kmsKey: 'bound' })),
      granted('app', getObject('data/red/key')),
      denied('app', putObject('data/blue/key', { kmsKey: 'bound' }), ALLOWED_BY_NONE),
      mayNot('app', 'kms:Decrypt', '<key:bound>'),
    ],
  });

  scenario('OB-45', 'a bucket policy can require encryption with a certain KMS key', {
    source:
      'Amazon S3 User Guide, "Requiring server-side encryption", "Requiring SSE-KMS for all writes to a bucket": s3:x-amz-server-side-encryption, s3:x-amz-server-side-encryption-aws-kms-key-id',
    roles: { app: podIdentityRole(OBJECTS, allow('s3:PutObject', ['keyed/*', 'other/*']), allow(USES, '*')) },
    workloads: { app: { role: 'app' } },
    keys: { required: {}, another: {} },
    buckets: {
      data: {
        policy: forPrincipal(
          '*',
          deny('s3:PutObject', 'data/*', { StringNotEquals: { 's3:x-amz-server-side-encryption': 'aws:kms' } }),
        ),
      },
      keyed: {
        policy: forPrincipal(
          '*',
          deny('s3:PutObject', 'keyed/*', {
            StringNotEqualsIfExists: { 's3:x-amz-server-side-encryption-aws-kms-key-id': '<key:required>' },
          }),
        ),
      },
      other: {
        policy: forPrincipal(
          '*',
          deny('s3:PutObject', 'other/*', { Null: { 's3:x-amz-server-side-encryption': 'true' } }),
        ),
      },
    },
    probes: [
      granted('app', putObject('data/key', { kmsKey: 'another' })),
      denied('app', putObject('data/key'), DENIED_BY_BUCKET),
      denied('app', putObject('data/key', { encryption: 'AES256' }), DENIED_BY_BUCKET),
      granted('app', putObject('keyed/key', { kmsKey: 'required' })),
      denied('app', putObject('keyed/key', { kmsKey: 'another' }), DENIED_BY_BUCKET),
      granted('app', putObject('other/key', { encryption: 'AES256' })),
      denied('app', putObject('other/key'), DENIED_BY_BUCKET),
    ],
  });
});
