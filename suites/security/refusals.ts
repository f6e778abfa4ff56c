/** Refusals of S3 and STS, which reveal nothing about objects and roles that the caller may not use. */
import { expect } from 'chai';
import {
  allow,
  assumeByToken,
  check,
  controlSucceeds,
  fails,
  irsaRole,
  podIdentityRole,
  suite,
  trustWebIdentity,
  type SignedRequestOptions,
} from '../../harness/index.ts';
import { NOT_ASSUMED } from '../lib/outcomes.ts';
import { ask, copyOf, DENIED, may, mayNot, ONE_PART, refusedWith, teamTag, withHeader } from '../lib/s3-requests.ts';
import { appWith, BY_TOKEN } from '../lib/worlds.ts';

const FUTURE = 'Mon, 01 Jan 2120 00:00:00 GMT';
/** Reads of an object, each of which an existing object would answer differently from a missing one. */
const READS: readonly (readonly [request: string, options?: SignedRequestOptions])[] = [
  ['GET *'],
  ['GET *', { presigned: 60 }],
  ['GET *', withHeader('if-none-match', '*')],
  ['GET *', withHeader('if-match', '"another"')],
  ['GET *', withHeader('if-unmodified-since', 'Wed, 01 Jan 2020 00:00:00 GMT')],
  ['GET *', withHeader('if-modified-since', FUTURE)],
  ['GET *', withHeader('range', 'bytes=1000-')],
  ['GET *', withHeader('range', 'bytes=0-0')],
  ['GET *?partNumber=1'],
  ['GET *?versionId=null'],
  ['GET *?attributes', withHeader('x-amz-object-attributes', 'ETag,ObjectSize')],
];
/** Other requests about an object. */
const OTHERS: typeof READS = [
  ['GET *?tagging'],
  ['GET *?tagging&versionId=null'],
  ['PUT *', { body: 'one' }],
  ['PUT *', { body: 'one', ...withHeader('if-none-match', '*') }],
  ['PUT *', { body: 'one', ...withHeader('if-match', '"another"') }],
  ['DELETE *'],
  ['DELETE *', withHeader('if-match', '"another"')],
  ['DELETE *?versionId=null'],
  ['PUT *?tagging', teamTag('red')],
  ['DELETE *?tagging'],
  ['POST *?uploads'],
  ['GET *?uploadId=none'],
  ['PUT *?partNumber=1&uploadId=none', { body: 'one' }],
  ['POST *?uploadId=none', ONE_PART],
  ['DELETE *?uploadId=none'],
];

suite('security', ({ scenario }) => {
  scenario('SEC-21', 'no request reveals whether an object exists that the caller may neither read nor list', {
    source:
      'Amazon S3 API Reference, GetObject, HeadObject, GetObjectAttributes and CopyObject: without s3:ListBucket, S3 returns 403 for a missing object; Amazon S3 User Guide, "Required permissions for Amazon S3 API operations"',
    ...appWith(
      allow(['s3:GetObject', 's3:GetObjectVersion', 's3:GetObjectTagging', 's3:GetObjectAttributes'], 'data/mine/*'),
      allow('s3:PutObject', 'data/copies/*'),
    ),
    needs: ['own-boundary'],
    objects: ['data/mine/key', 'data/hidden/key'],
    probes: [
      may('GET data/mine/key'),
      may('GET data/mine/key?tagging'),
      may('PUT data/copies/key', copyOf('data/mine/key')),
      ...['hidden/key', 'hidden/none'].flatMap((key) => [
        ...[...READS, ...OTHERS].map(([request, options]) => mayNot(request.replace('*', `data/${key}`), options)),
        ...[{}, { 'x-amz-copy-source-if-match': '"another"' }, { 'x-amz-copy-source-if-none-match': '*' }].map(
          (conditions) => mayNot('PUT data/copies/key', copyOf(`data/${key}`, conditions)),
        ),
        fails(ask(`HEAD data/${key}`), refusedWith('403', 403)),
        fails(ask(`HEAD data/${key}`, withHeader('if-none-match', '*')), refusedWith('403', 403)),
      ]),
      // Also where it could read the object.
      ...READS.map(([request, options]) => fails(ask(request.replace('*', 'data/mine/none'), options), DENIED)),
      mayNot('PUT data/copies/key', copyOf('data/mine/none')),
      fails(ask('HEAD data/mine/none'), refusedWith('403', 403)),
    ],
  });

  scenario('SEC-22', 'STS answers with the same text for each role that a web identity may not assume', {
    source:
      'AWS re:Post Knowledge Center, iam-idp-access-error: AccessDenied, Not authorized to perform sts:AssumeRoleWithWebIdentity',
    roles: {
      app: irsaRole('app/app'),
      another: irsaRole('app/another'),
      audience: { trust: [trustWebIdentity({ subject: 'app/app', audience: 'another.example.com' })] },
      pods: podIdentityRole(),
    },
    ...BY_TOKEN,
    probes: [
      controlSucceeds(assumeByToken('app', 'web')),
      ...['another', 'audience', 'pods'].map((role) => fails(assumeByToken(role, 'web'), NOT_ASSUMED)),
      ...['<role:app>-absent', 'arn:aws:iam::<account:main>:role/path/<role-name:app>'].map((roleArn) =>
        fails(assumeByToken('app', 'web', { roleArn }), NOT_ASSUMED),
      ),
      check('no refusal names a role or an account', ({ outcomes }) => {
        const texts = outcomes.flatMap(({ observed }) => (observed?.outcome === 'refused' ? [observed.message] : []));
        expect(texts).to.have.lengthOf(5);
        expect([...new Set(texts)]).to.deep.equal(['Not authorized to perform sts:AssumeRoleWithWebIdentity']);
      }),
    ],
  });
});
