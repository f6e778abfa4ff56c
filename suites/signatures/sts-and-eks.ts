/** Signatures that STS and EKS accept, and their errors for others. */
import { EKS } from '@aws-sdk/client-eks';
import { IAM, type AccessKey } from '@aws-sdk/client-iam';
import { S3 } from '@aws-sdk/client-s3';
import { STS, type STSServiceException } from '@aws-sdk/client-sts';
import { expect } from 'chai';
import {
  altered,
  askEksAuth,
  check,
  fails,
  signedRequest,
  succeeds,
  suite,
  type SignedRequestOptions,
} from '../../harness/index.ts';
import { codeOf, errorOf } from '../lib/errors.ts';
import { ASSOCIATED } from '../lib/worlds.ts';

const GET_CALLER_IDENTITY = 'Action=GetCallerIdentity&Version=2011-06-15';

suite('signatures', ({ scenario }) => {
  const MISMATCH = { by: 'sts', code: 'SignatureDoesNotMatch', status: 403 } as const;
  const whoAmI = (options: SignedRequestOptions = {}) =>
    signedRequest('app', `GET sts:/?${GET_CALLER_IDENTITY}`, options);
  const posted = (options: SignedRequestOptions = {}) =>
    signedRequest('app', 'POST sts:/', {
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body: GET_CALLER_IDENTITY,
      ...options,
    });
  /** The namespace of responses and errors (STS API Reference, "GetCallerIdentity", Examples). */
  const IN_NAMESPACE = { xmlns: 'https://sts.amazonaws.com/doc/2011-06-15/' };
  const bySts = (code: string | readonly string[], status = 403) => ({ by: 'sts' as const, code, status });
  const UNREADABLE = { by: 'sts' as const, code: ['IncompleteSignature', 'MissingAuthenticationToken'] };
  const clusters = (options: SignedRequestOptions = {}) => signedRequest('app', 'GET eks:/clusters', options);
  const byEks = (code: string | readonly string[], status = 403) => ({ by: 'eks' as const, code, status });
  const WRONG = byEks('InvalidSignatureException');
  /** Errors that can follow a valid signature. */
  const READ = {
    by: 'eks' as const,
    code: [
      'AccessDeniedException',
      'ResourceNotFoundException',
      'NotFoundException',
      'UnknownOperationException',
      '404',
    ],
  };

  scenario('SG-13', 'STS accepts a valid signature in a header or a URL, and names the error in others', {
    source:
      'AWS STS API Reference, "Common errors"; IAM User Guide, "Manage AWS STS in an AWS Region": the global endpoint; "Troubleshoot Signature Version 4 signing for AWS API requests"',
    ...ASSOCIATED,
    probes: [
      succeeds(whoAmI(), IN_NAMESPACE),
      succeeds(posted(), IN_NAMESPACE),
      // The API has one version, with these actions.
      ...['Action=GetCallerIdentity&Version=2012-06-15', 'Action=GetCallerIdentities&Version=2011-06-15'].map((query) =>
        fails(signedRequest('app', `GET sts:/?${query}`), bySts('InvalidAction', 400)),
      ),
      fails(posted(altered('body', /2011/, '2012')), { ...MISMATCH, facts: IN_NAMESPACE }),
      fails(whoAmI({ credentials: 'another-secret' }), MISMATCH),
      fails(whoAmI({ credentials: 'unknown-key' }), bySts('InvalidClientTokenId')),
      fails(whoAmI({ credentials: 'another-session-token' }), bySts('InvalidClientTokenId')),
      fails(signedRequest(null, `GET sts:/?${GET_CALLER_IDENTITY}`), bySts('MissingAuthenticationToken')),
      fails(whoAmI({ region: 'af-south-1' }), { ...MISMATCH, message: 'valid region' }),
      fails(whoAmI(altered('authorization', /\/aws4_request/, '/aws4')), { ...MISMATCH, message: 'terminator' }),
      fails(whoAmI(altered('authorization', /SignedHeaders=[^,]*/, '')), bySts('IncompleteSignature', 400)),
      fails(whoAmI(altered('authorization', /Signature=\w*/, '')), bySts('IncompleteSignature', 400)),
      succeeds(whoAmI({ age: 240 })),
      fails(whoAmI({ age: 960 }), { ...MISMATCH, message: 'Signature expired' }),
      fails(whoAmI({ age: -960 }), { ...MISMATCH, message: 'Signature not yet current' }),
      succeeds(whoAmI({ presigned: 60 })),
      // kubectl uses a token of `aws eks get-token` for 14 minutes.
      succeeds(whoAmI({ presigned: 60, age: 780 })),
      fails(whoAmI({ presigned: 60, ...altered('target', /(?<=X-Amz-Signature=.*)[0-7]/, 'f') }), MISMATCH),
      // None of these can be parsed as a version 4 signature.
      ...[
        altered('authorization', /AWS4-HMAC-SHA256/, 'Bearer'),
        altered('authorization', /.*/, 'AWS AKIAIOSFODNN7EXAMPLE:c2lnbmF0dXJl'),
        altered('x-amz-date', /.*/, ''),
        { presigned: 60, unsignedHeaders: { authorization: 'AWS4-HMAC-SHA256' } },
      ].map((options) => fails(whoAmI(options), UNREADABLE)),
      fails(whoAmI({ presigned: 3600, age: 960 }), { ...MISMATCH, message: 'Signature expired' }),
      check('its global endpoint accepts signatures for us-east-1', async ({ aws, name }) => {
        const { endpoint = 'https://sts.amazonaws.com', ...settings } = await aws('sts');
        const sts = new STS({ ...settings, endpoint, region: 'us-east-1' });
        const account = await sts.getCallerIdentity().then(
          ({ Account }) => Account,
          (error: STSServiceException) => {
            if (error.$fault !== 'client') throw error;
            return error.name;
          },
        );
        expect(account).to.equal(name('<account:main>'));
      }),
      fails(whoAmI({ credentials: 'no-session-token' }), bySts('InvalidClientTokenId')),
    ],
  });

  scenario('SG-14', 'EKS accepts a valid signature, and names the error in others', {
    source:
      'Amazon EKS API Reference, "Common Errors"; IAM User Guide, "Create a signed AWS API request": services other than S3 encode the path twice',
    ...ASSOCIATED,
    probes: [
      succeeds(askEksAuth('app')),
      // The role has no permissions, so the denial shows that EKS knows the caller.
      fails(clusters(), byEks('AccessDeniedException')),
      fails(signedRequest('app', 'GET eks:/clusters/no%2Dsuch%2Dcluster'), byEks('AccessDeniedException')),
      // The canonical path has no relative parts; the path need not exist.
      ...['/clusters/./none', '/other/../clusters/none', '//clusters//none', '/clusters/none/../none'].map((path) =>
        fails(signedRequest('app', `GET eks:${path}`, { signedAs: 'GET eks:/clusters/none' }), READ),
      ),
      fails(signedRequest('app', 'GET eks:/clusters/none', { signedAs: 'GET eks:/clusters/none/' }), WRONG),
      fails(signedRequest('app', 'GET eks:/clusters/none/'), READ),
      fails(clusters({ credentials: 'another-secret' }), WRONG),
      fails(clusters({ credentials: 'unknown-key' }), byEks('UnrecognizedClientException')),
      fails(clusters({ credentials: 'another-session-token' }), byEks('UnrecognizedClientException')),
      fails(clusters({ age: 960 }), { ...WRONG, message: 'Signature expired' }),
      fails(clusters({ region: 'af-south-1' }), WRONG),
      check('EKS accepts signatures only for its own region', async ({ aws }) => {
        const { region, endpoint = `https://eks.${region}.amazonaws.com`, ...settings } = await aws('eks');
        const another = region === 'us-east-1' ? 'us-west-2' : 'us-east-1';
        const listed = (signedFor: string): Promise<string> =>
          errorOf(new EKS({ ...settings, endpoint, region: signedFor }).listClusters());
        expect(await listed(region)).to.equal('none');
        expect(await listed(another)).to.equal('InvalidSignatureException');
      }),
      fails(
        clusters(altered('authorization', /SignedHeaders=[^,]*/, '')),
        byEks(['IncompleteSignatureException', 'IncompleteSignature'], 400),
      ),
      fails(clusters({ credentials: 'no-session-token' }), byEks('UnrecognizedClientException')),
    ],
  });

  scenario('SG-15', 'STS, S3 and EKS reject signatures by an inactive or deleted access key', {
    source:
      'IAM API Reference, UpdateAccessKey and DeleteAccessKey; IAM User Guide, "Manage access keys for IAM users": deactivate; AWS STS API Reference, "Common errors"; Amazon S3 API Reference, "Error responses"; Amazon EKS API Reference, "Common Errors"',
    // On AWS a run creates no users.
    needs: ['call-record'],
    ...ASSOCIATED,
    probes: [
      check('the status of a key takes effect, and only on that key', async ({ aws, name }) => {
        const iam = new IAM(await aws('iam'));
        const UserName = name('<role-name:app>');
        const errorsOf = async ({
          AccessKeyId: accessKeyId = '',
          SecretAccessKey: secretAccessKey = '',
        }: AccessKey) => {
          const credentials = { accessKeyId, secretAccessKey };
          const [sts, s3, eks] = [await aws('sts'), await aws('s3'), await aws('eks')];
          const calls = [
            new STS({ ...sts, credentials }).getCallerIdentity(),
            new S3({ ...s3, credentials }).listBuckets(),
            new EKS({ ...eks, credentials }).listClusters(),
          ];
          return (await Promise.all(calls.map(codeOf))).join();
        };
        // The user has no permissions, so denials show that S3 and EKS know the caller.
        const known = 'none,AccessDenied,AccessDenied';
        const unknown = 'InvalidClientTokenId,InvalidAccessKeyId,UnrecognizedClient';
        const keys: AccessKey[] = [];
        const newKey = async (): Promise<AccessKey> => {
          const { AccessKey: key } = await iam.createAccessKey({ UserName });
          if (key === undefined) throw new Error('IAM returned no access key.');
          keys.push(key);
          return key;
        };
        await iam.createUser({ UserName });
        try {
          const key = await newKey();
          const other = await newKey();
          const { AccessKeyId } = key;
          for (const [Status, expected] of [
            ['Active', known],
            ['Inactive', unknown],
            ['Active', known],
            ['Inactive', unknown],
          ] as const) {
            await iam.updateAccessKey({ UserName, AccessKeyId, Status });
            expect(await errorsOf(key), Status).to.equal(expected);
            expect(await errorsOf(other), `another key, while this one is ${Status}`).to.equal(known);
          }
          await iam.deleteAccessKey({ UserName, AccessKeyId: other.AccessKeyId });
          expect(await errorsOf(other), 'deleted').to.equal(unknown);
        } finally {
          for (const { AccessKeyId } of keys) await codeOf(iam.deleteAccessKey({ UserName, AccessKeyId }));
          await iam.deleteUser({ UserName });
        }
      }),
    ],
  });
});
