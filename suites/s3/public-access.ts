/** When a bucket policy is public, and what blocks it. */
import { expect } from 'chai';
import {
  allow,
  askEksAuth,
  fails,
  podIdentityRole,
  signedRequest,
  succeeds,
  suite,
  trustRole,
} from '../../harness/index.ts';
import { errorOf } from '../lib/errors.ts';
import { NOT_ALLOWED } from '../lib/outcomes.ts';
import { ask, BAD_DIGEST, DENIED, digests, may, refusedWith } from '../lib/s3-requests.ts';
import { APP, appWith, readData } from '../lib/worlds.ts';
import { NOBODY, putPolicy } from './lib/bucket-policies.ts';
import { checkBucket } from './lib/check-bucket.ts';
import { base } from '../lib/role-chains.ts';

const INVALID_REQUEST = refusedWith('InvalidRequest', 400);
const PUBLIC = 'Amazon S3 User Guide, "Blocking public access to your Amazon S3 storage": "The meaning of public"';

suite('s3', ({ scenario }) => {
  /** `NARROW` lists statements that are not public, `WIDE` statements that are. */
  const condition = (operator: string, key: string, value: string | readonly string[]) => ({
    Condition: { [operator]: { [key]: value } },
  });
  const ACCOUNT = '<account:main>';
  const KMS_KEY = 'arn:aws:kms:us-west-2:111122223333:key/00000000-0000-0000-0000-000000000000';
  const OVER_TLS = { 'aws:SecureTransport': 'true' };
  const NARROW: readonly object[] = [
    NOBODY,
    { Principal: { AWS: ACCOUNT } },
    { Principal: { AWS: ['<role:app>', ACCOUNT] } },
    condition('StringEquals', 'aws:PrincipalAccount', ACCOUNT),
    condition('StringEquals', 'AWS:principalaccount', [ACCOUNT, '<account:other>']),
    condition('StringEqualsIgnoreCase', 'aws:PrincipalOrgID', 'o-abcdefghij'),
    condition('ArnEquals', 'aws:PrincipalArn', '<role:app>'),
    condition('ArnLike', 'aws:SourceArn', 'arn:aws:sns:us-west-2:111122223333:topic'),
    condition('StringLike', 'aws:userid', 'AROAEXAMPLEEXAMPLE12:name'),
    condition('StringEquals', 'aws:SourceVpc', 'vpc-0123456789abcdef0'),
    condition('StringEquals', 'aws:SourceVpce', 'vpce-0123456789abcdef0'),
    condition('StringEquals', 'aws:SourceAccount', ACCOUNT),
    condition('StringEquals', 'aws:SourceOwner', ACCOUNT),
    condition('StringEquals', 's3:DataAccessPointAccount', ACCOUNT),
    condition('StringLike', 's3:DataAccessPointArn', 'arn:aws:s3:us-west-2:111122223333:accesspoint/*'),
    condition('IpAddress', 'aws:SourceIp', ['192.0.2.0/24', '198.51.100.7', '10.0.0.0/8']),
    condition('IpAddress', 'aws:SourceIp', ['2001:db8::/32']),
    condition('StringEquals', 's3:x-amz-server-side-encryption-aws-kms-key-id', KMS_KEY),
    // All conditions must hold, so one narrow condition is enough.
    { Condition: { StringEquals: { 'aws:Referer': 'app', 'aws:PrincipalAccount': ACCOUNT }, Bool: OVER_TLS } },
  ];
  const WIDE: readonly object[] = [
    {},
    { Principal: { AWS: '*' } },
    { Principal: { AWS: [ACCOUNT, '*'] } },
    { Principal: { AWS: '*', Service: 'logging.s3.amazonaws.com' } },
    condition('StringLike', 'aws:PrincipalArn', 'arn:aws:iam::*:role/app'),
    condition('StringLike', 'aws:userid', 'AROAEXAMPLEEXAMPLE1?'),
    condition('StringEquals', 'aws:userid', '${aws:username}'),
    condition('StringEquals', 'aws:PrincipalAccount', [ACCOUNT, '*']),
    condition('StringNotEquals', 'aws:PrincipalAccount', ACCOUNT),
    condition('StringEqualsIfExists', 'aws:SourceVpc', 'vpc-0123456789abcdef0'),
    // A role of any account can have this tag.
    condition('StringEquals', 'aws:PrincipalTag/team', 'red'),
    condition('StringEquals', 'aws:UserAgent', 'app'),
    condition('StringEquals', 'aws:Referer', 'app'),
    condition('StringLike', 's3:DataAccessPointArn', 'arn:aws:s3:us-west-2:*:accesspoint/app'),
    condition('IpAddress', 'aws:SourceIp', '0.0.0.0/0'),
    condition('IpAddress', 'aws:SourceIp', ['192.0.2.0/24', '10.0.0.0/7']),
    condition('IpAddress', 'aws:SourceIp', '2001:db8::/31'),
    condition('NotIpAddress', 'aws:SourceIp', '192.0.2.0/24'),
    { Condition: { Bool: OVER_TLS } },
    { Resource: 'arn:aws:s3:::<bucket:data>/open/*' },
    // An Allow with NotPrincipal applies to everyone else.
    { Principal: undefined, NotPrincipal: { AWS: '<role:app>' } },
  ];
  /** Account and role, both of which a Deny with NotPrincipal must name. */
  const NAMED = ['arn:aws:iam::<account:main>:root', '<role:app>'];
  const blocks = (settings: Readonly<Record<string, boolean>>, version = 's3.amazonaws.com/doc/2006-03-01') =>
    `<PublicAccessBlockConfiguration xmlns="http://${version}/">${Object.entries(settings)
      .map(([name, on]) => `<${name}>${on}</${name}>`)
      .join('')}</PublicAccessBlockConfiguration>`;
  const block = (settings: Readonly<Record<string, boolean>>) =>
    ask('PUT data?publicAccessBlock', { body: blocks(settings) });
  const ofAccount = (method: string, session = 'app', account = ACCOUNT, setting = 'RestrictPublicBuckets') =>
    signedRequest(session, `${method} s3-control:/v20180820/configuration/publicAccessBlock`, {
      headers: { 'x-amz-account-id': account },
      ...(method === 'PUT' && { body: blocks({ [setting]: true }, 'awss3control.amazonaws.com/doc/2018-08-20') }),
    });
  const anonymous = signedRequest(null, 'GET data/open/key');
  const stranger = signedRequest('stranger', 'GET data/open/key');

  scenario('OB-19', 'a new bucket rejects public policies', {
    source: `${PUBLIC}; "Amazon S3 User Guide, Block public access settings": all four are on for new buckets`,
    needs: ['own-boundary'],
    ...appWith(allow(['s3:PutBucketPolicy', 's3:GetBucketPolicy'], 'data')),
    buckets: { data: {} },
    probes: [
      checkBucket('all blocks are enabled', async (s3, bucket) => {
        const { PublicAccessBlockConfiguration: blocks } = await s3.getPublicAccessBlock(bucket);
        expect(blocks).to.deep.equal({
          BlockPublicAcls: true,
          IgnorePublicAcls: true,
          BlockPublicPolicy: true,
          RestrictPublicBuckets: true,
        });
      }),
      ...NARROW.map((statement) => succeeds(putPolicy(statement))),
      ...WIDE.map((statement) => fails(putPolicy(statement), DENIED)),
      fails(putPolicy(NOBODY, {}), DENIED),
      may('GET data?policy'),
    ],
  });

  scenario('OB-20', 'a public policy grants access to everyone only if the blocks of the bucket are off', {
    source: `${PUBLIC}; "Block public access settings": BlockPublicPolicy, RestrictPublicBuckets; Amazon S3 API Reference, S3 Control: PutPublicAccessBlock, permissions`,
    // AWS accounts should block public access, and a test must not make a bucket public.
    needs: ['call-record', 'own-boundary'],
    roles: {
      app: podIdentityRole(
        allow(['s3:PutBucketPolicy', 's3:PutBucketPublicAccessBlock'], 'data'),
        allow('s3:PutAccountPublicAccessBlock', '*'),
      ),
      reader: podIdentityRole(allow('s3:GetAccountPublicAccessBlock', '*')),
      base: base('stranger'),
      stranger: { account: 'other', trust: [trustRole('base')], permissions: [readData] },
    },
    workloads: {
      ...APP,
      reader: { serviceAccount: 'reader', role: 'reader' },
      stranger: { serviceAccount: 'stranger', role: { role: 'base', targetRole: 'stranger' } },
    },
    objects: ['data/open/key', 'data/closed/key'],
    probes: [
      succeeds(askEksAuth('stranger')),
      fails(putPolicy({ Resource: 'arn:aws:s3:::<bucket:data>/open/*' }), { ...DENIED, message: 'BlockPublicPolicy' }),
      // S3 rejects a document with a wrong checksum.
      fails(ask('PUT data?publicAccessBlock', { body: blocks({}), headers: digests.md5('other') }), BAD_DIGEST),
      fails(putPolicy({}), DENIED),
      succeeds(block({ BlockPublicPolicy: false, RestrictPublicBuckets: true })),
      succeeds(putPolicy({ Resource: 'arn:aws:s3:::<bucket:data>/open/*' })),
      // The policy admits the account's own identities, but no others.
      may('GET data/open/key'),
      // S3 gives no reason to callers of another account.
      fails(stranger, { ...DENIED, message: 'Access Denied' }),
      fails(anonymous, { ...DENIED, message: 'Access Denied' }),
      succeeds(block({ BlockPublicPolicy: true, RestrictPublicBuckets: false })),
      may('GET data/open/key'),
      succeeds(stranger),
      succeeds(anonymous),
      fails(signedRequest(null, 'GET data/open/key?response-content-type=text%2Fplain'), INVALID_REQUEST),
      checkBucket('the policy counts as public', async (s3, bucket) => {
        expect((await s3.getBucketPolicyStatus(bucket)).PolicyStatus?.IsPublic, 'IsPublic').to.equal(true);
      }),
      // The stricter settings of bucket and account apply.
      succeeds(ofAccount('PUT')),
      succeeds(ofAccount('GET', 'reader')),
      // Reading and changing the settings need separate permissions, and only work for the caller's account.
      fails(ofAccount('GET'), NOT_ALLOWED),
      ...['PUT', 'DELETE'].flatMap((method) => [
        fails(ofAccount(method, 'reader'), NOT_ALLOWED),
        fails(ofAccount(method, 'app', '<account:other>'), DENIED),
      ]),
      may('GET data/open/key'),
      ...[stranger, anonymous].map((request) => fails(request, DENIED)),
      succeeds(ofAccount('DELETE')),
      succeeds(anonymous),
      fails(signedRequest(null, 'GET data/closed/key'), DENIED),
      fails(signedRequest('stranger', 'GET data/closed/key'), DENIED),
      succeeds(block({ RestrictPublicBuckets: true })),
      // A restricted public policy grants nothing to another account, not even by name.
      succeeds(putPolicy({}, { Principal: { AWS: '<role:stranger>' } })),
      may('GET data/open/key'),
      fails(stranger, DENIED),
      succeeds(putPolicy({ Principal: { AWS: '<role:stranger>' } })),
      // A policy that is not public is not restricted.
      succeeds(stranger),
      fails(anonymous, DENIED),
      // An omitted setting is off.
      succeeds(block({ RestrictPublicBuckets: false })),
      succeeds(putPolicy({})),
      succeeds(anonymous),
      // The settings of the account also apply.
      succeeds(ofAccount('PUT', 'app', ACCOUNT, 'BlockPublicPolicy')),
      fails(putPolicy({}), { ...DENIED, message: 'BlockPublicPolicy' }),
      succeeds(putPolicy(NOBODY)),
      succeeds(ofAccount('DELETE')),
      succeeds(putPolicy({})),
      // Without a configuration, every setting is off.
      may('DELETE data?publicAccessBlock'),
      checkBucket('no configuration exists', async (s3, bucket) => {
        expect(await errorOf(s3.getPublicAccessBlock(bucket))).to.equal('NoSuchPublicAccessBlockConfiguration');
      }),
      // Only identities of the account can read its policies, even if others are allowed to.
      succeeds(putPolicy({ Action: 's3:GetBucketPolicy*', Resource: 'arn:aws:s3:::<bucket:data>' })),
      fails(signedRequest(null, 'GET data?policy'), refusedWith('MethodNotAllowed', 405)),
      ...[
        condition('StringEquals', 'aws:PrincipalType', 'Anonymous'),
        condition('StringEquals', 'aws:PrincipalAccount', 'anonymous'),
        condition('StringEquals', 'aws:userid', 'anonymous'),
        condition('Null', 'aws:PrincipalArn', 'true'),
        condition('Null', 's3:authType', 'true'),
      ].flatMap((nobody) => [succeeds(putPolicy(nobody)), succeeds(anonymous), fails(stranger, DENIED)]),
      succeeds(putPolicy({ Action: 's3:GetObject', ...condition('StringEquals', 'aws:PrincipalType', 'AssumedRole') })),
      succeeds(stranger),
      fails(anonymous, DENIED),
      succeeds(putPolicy({ Principal: undefined, NotPrincipal: { AWS: '<role:stranger>' } })),
      succeeds(anonymous),
      fails(stranger, DENIED),
      // The Deny exempts only the principals that it names.
      succeeds(putPolicy({}, { Effect: 'Deny', Principal: undefined, NotPrincipal: { AWS: NAMED } })),
      may('GET data/open/key'),
      ...[stranger, anonymous].map((request) => fails(request, DENIED)),
    ],
  });
});
