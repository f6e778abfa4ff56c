import { Sha256 } from '@aws-crypto/sha256-js';
import { SignatureV4 } from '@smithy/signature-v4';
import { expect } from 'chai';
import fc from 'fast-check';
import type { RoleSession } from '../../identity/policy/principal.ts';
import type { Credentials } from '../core/credentials.ts';
import type { ServiceName } from '../core/service.ts';
import type { SignedParts } from './canonical.ts';
import { signatureError } from './errors.ts';
import { SignatureProblem } from './problem.ts';
import { readSignature } from './read-signature.ts';
import { signedHeaders } from '../../test/support/emulator/sign.ts';
import { sigV4Verifier } from './verifier.ts';

const REGION = 'us-west-2';
const NOW = Date.parse('2026-03-01T12:00:00Z');
const CREDENTIALS: Credentials = {
  accessKeyId: 'ASIAEXAMPLEEXAMPLE12',
  secretAccessKey: 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY',
  sessionToken: 'IQo/token+with=signs',
  expiration: NOW + 3_600_000,
};
const CALLER: RoleSession = {
  kind: 'role-session',
  accountId: '111122223333',
  arn: 'arn:aws:sts::111122223333:assumed-role/app/test',
  roleArn: 'arn:aws:iam::111122223333:role/app',
  roleName: 'app',
  userId: 'AROAEXAMPLE:test',
  sessionName: 'test',
  tags: [],
  sessionPolicies: [],
  issuedAt: NOW,
  expiresAt: NOW + 3_600_000,
  context: {},
};

function verify(parts: SignedParts, service: ServiceName, body = Buffer.alloc(0), now = NOW) {
  const verifier = sigV4Verifier({
    region: REGION,
    clock: { now: () => now },
    credentials: {
      find: (id) => (id === CREDENTIALS.accessKeyId ? { credentials: CREDENTIALS, caller: CALLER } : undefined),
    },
  });
  const claimed = readSignature(parts);
  if (claimed === undefined) throw new Error('the request is not signed');
  return verifier.verify(parts, claimed, body, service);
}

function oracle(service: ServiceName): SignatureV4 {
  return new SignatureV4({
    service,
    region: REGION,
    credentials: { ...CREDENTIALS, expiration: new Date(CREDENTIALS.expiration ?? 0) },
    sha256: Sha256,
    uriEscapePath: service !== 's3',
  });
}

const rfc3986 = (text: string): string =>
  encodeURIComponent(text).replace(/[!'()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`);

/** Encodes a query as a client sends it: percent-encoded, in the client's own order. */
function sentQuery(query: Readonly<Record<string, unknown>>): string {
  return Object.entries(query)
    .map(([name, value]) => `${rfc3986(name)}=${rfc3986(String(value))}`)
    .join('&');
}

const lowerCase = (headers: Readonly<Record<string, string>>): Record<string, string> =>
  Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));

const requests = fc.record({
  method: fc.constantFrom('GET', 'PUT', 'POST', 'DELETE', 'HEAD'),
  // Path segments as in keys: empty ones, dots, spaces, signs and letters of all scripts.
  segments: fc.array(
    fc.oneof(
      fc.constantFrom('', '.', '..', 'a b', "(1)'*!~", '%', '+', 'a:b'),
      fc.string({ unit: 'grapheme', maxLength: 8 }),
    ),
    {
      minLength: 1,
      maxLength: 5,
    },
  ),
  query: fc.dictionary(
    fc.stringMatching(/^[a-zA-Z][a-zA-Z0-9 ~+/=&-]{0,9}$/),
    fc.string({ unit: 'grapheme', maxLength: 8 }),
    {
      maxKeys: 4,
      noNullPrototype: true,
    },
  ),
  metadata: fc.stringMatching(/^[ -~]{0,20}$/),
  body: fc.string({ maxLength: 30 }),
});

describe('the SigV4 verifier', () => {
  describe('accepts signatures of another implementation in', () => {
    for (const service of ['s3', 'sts', 'eks', 'eks-auth', 'iam'] as const) {
      it(`headers for ${service}`, async () => {
        await fc.assert(
          fc.asyncProperty(requests, async ({ method, segments, query, metadata, body }) => {
            const path = `/${segments.map(rfc3986).join('/')}`;
            const signed = await oracle(service).sign(
              {
                method,
                protocol: 'http:',
                hostname: '127.0.0.1',
                path,
                query,
                headers: { host: '127.0.0.1:80', 'x-amz-meta-note': metadata, 'content-type': 'text/plain' },
                body,
              },
              { signingDate: new Date(NOW) },
            );
            const headers = lowerCase(signed.headers);
            const parts = { method, path, query: sentQuery(query), headers };
            expect(verify(parts, service, Buffer.from(body)).caller).to.equal(CALLER);
            const otherPath = { ...parts, path: `${path}x` };
            expect(() => verify(otherPath, service, Buffer.from(body))).to.throw(SignatureProblem);
            expect(() => verify(parts, service, Buffer.from(`${body}x`))).to.throw(SignatureProblem);
          }),
          { numRuns: 60 },
        );
      });
    }

    it('query strings', async () => {
      await fc.assert(
        fc.asyncProperty(requests, async ({ segments, query }) => {
          const path = `/${segments.map(rfc3986).join('/')}`;
          const signed = await oracle('s3').presign(
            {
              method: 'GET',
              protocol: 'http:',
              hostname: '127.0.0.1',
              path,
              query,
              headers: { host: '127.0.0.1', 'x-amz-content-sha256': 'UNSIGNED-PAYLOAD' },
            },
            { signingDate: new Date(NOW), expiresIn: 60 },
          );
          const parts = { method: 'GET', path, query: sentQuery(signed.query ?? {}), headers: { host: '127.0.0.1' } };
          expect(verify(parts, 's3').caller).to.equal(CALLER);
          expect(() => verify({ ...parts, method: 'PUT' }, 's3')).to.throw(SignatureProblem);
          expect(() => verify({ ...parts, query: `${parts.query}&a=b` }, 's3')).to.throw(SignatureProblem);
          expect(() => verify(parts, 's3', undefined, NOW + 61_000)).to.throw('Request has expired');
        }),
        { numRuns: 60 },
      );
    });
  });

  it('accepts a presigned GetCallerIdentity for 15 minutes, with any X-Amz-Expires', async () => {
    const signed = await oracle('sts').presign(
      {
        method: 'GET',
        protocol: 'https:',
        hostname: 'sts.us-west-2.amazonaws.com',
        path: '/',
        query: { Action: 'GetCallerIdentity', Version: '2011-06-15' },
        headers: { host: 'sts.us-west-2.amazonaws.com', 'x-k8s-aws-id': 'red' },
      },
      { signingDate: new Date(NOW), expiresIn: 60, unhoistableHeaders: new Set(['x-k8s-aws-id']) },
    );
    const parts = {
      method: 'GET',
      path: '/',
      query: sentQuery(signed.query ?? {}),
      headers: { host: 'sts.us-west-2.amazonaws.com', 'x-k8s-aws-id': 'red' },
    };
    expect(verify(parts, 'sts', undefined, NOW + 14 * 60_000).caller).to.equal(CALLER);
    expect(() => verify(parts, 'sts', undefined, NOW + 16 * 60_000)).to.throw('Signature expired');
    const otherCluster = { ...parts, headers: { ...parts.headers, 'x-k8s-aws-id': 'blue' } };
    expect(() => verify(otherCluster, 'sts')).to.throw(SignatureProblem);
  });

  describe('rejects', () => {
    const unsigned: SignedParts = { method: 'GET', path: '/data/key', query: 'x-id=GetObject', headers: { host: 'h' } };
    const sign = (changes: Partial<Parameters<typeof signedHeaders>[1]> = {}): SignedParts => ({
      ...unsigned,
      headers: signedHeaders(unsigned, {
        credentials: CREDENTIALS,
        service: 's3',
        region: REGION,
        time: NOW,
        ...changes,
      }),
    });
    const withHeader = (name: string, value: string | undefined, parts = sign()): SignedParts => {
      const { [name]: _, ...others } = parts.headers;
      return { ...parts, headers: value === undefined ? others : { ...others, [name]: value } };
    };
    const authorization = (change: (header: string) => string): SignedParts =>
      withHeader('authorization', change(sign().headers['authorization']!));
    const presigned = (query: Readonly<Record<string, string>>): SignedParts => ({
      ...unsigned,
      query: sentQuery({
        'X-Amz-Algorithm': 'AWS4-HMAC-SHA256',
        'X-Amz-Credential': `${CREDENTIALS.accessKeyId}/20260301/${REGION}/s3/aws4_request`,
        'X-Amz-Date': '20260301T120000Z',
        'X-Amz-Expires': '60',
        'X-Amz-SignedHeaders': 'host',
        'X-Amz-Signature': '0'.repeat(64),
        'X-Amz-Security-Token': CREDENTIALS.sessionToken!,
        ...query,
      }),
    });

    // The error, the request, and the answers of S3, STS and EKS.
    const cases: readonly (readonly [string, SignedParts, string, string?, string?, number?])[] = [
      [
        'another method',
        { ...sign(), method: 'PUT' },
        '403 SignatureDoesNotMatch',
        '403 SignatureDoesNotMatch',
        '403 InvalidSignatureException',
      ],
      ['another path', { ...sign(), path: '/data/other' }, '403 SignatureDoesNotMatch'],
      ['another query', { ...sign(), query: 'x-id=Other' }, '403 SignatureDoesNotMatch'],
      ['another host', withHeader('host', 'other'), '403 SignatureDoesNotMatch'],
      [
        'another secret',
        sign({ credentials: { ...CREDENTIALS, secretAccessKey: 'other' } }),
        '403 SignatureDoesNotMatch',
      ],
      [
        'an unknown key',
        sign({ credentials: { ...CREDENTIALS, accessKeyId: 'ASIAOTHEROTHEROTHER1' } }),
        '403 InvalidAccessKeyId',
        '403 InvalidClientTokenId',
        '403 UnrecognizedClientException',
      ],
      [
        'another token',
        sign({ credentials: { ...CREDENTIALS, sessionToken: 'other' } }),
        '400 InvalidToken',
        '403 InvalidClientTokenId',
        '403 UnrecognizedClientException',
      ],
      [
        'no token',
        sign({ credentials: { accessKeyId: CREDENTIALS.accessKeyId, secretAccessKey: CREDENTIALS.secretAccessKey } }),
        '403 InvalidAccessKeyId',
        '403 InvalidClientTokenId',
        '403 UnrecognizedClientException',
      ],
      [
        'an expired session',
        sign({ time: NOW + 3_600_000 }),
        '400 ExpiredToken',
        '403 ExpiredToken',
        '403 ExpiredTokenException',
        NOW + 3_600_000,
      ],
      [
        'a time too early',
        sign({ time: NOW - 901_000 }),
        '403 RequestTimeTooSkewed',
        '403 SignatureDoesNotMatch',
        '403 InvalidSignatureException',
      ],
      [
        'a time too late',
        sign({ time: NOW + 901_000 }),
        '403 RequestTimeTooSkewed',
        '403 SignatureDoesNotMatch',
        '403 InvalidSignatureException',
      ],
      [
        'another region',
        sign({ region: 'eu-west-1' }),
        '400 AuthorizationHeaderMalformed',
        '403 SignatureDoesNotMatch',
        '403 InvalidSignatureException',
      ],
      [
        'another terminator',
        authorization((h) => h.replace('aws4_request', 'aws5_request')),
        '400 AuthorizationHeaderMalformed',
        '403 SignatureDoesNotMatch',
      ],
      [
        'another date in the scope',
        authorization((h) => h.replace('/20260301/', '/20260228/')),
        '400 AuthorizationHeaderMalformed',
        '403 SignatureDoesNotMatch',
      ],
      ['an unsigned x-amz header', withHeader('x-amz-acl', 'private'), '403 AccessDenied', '403 SignatureDoesNotMatch'],
      ['a missing signed header', withHeader('x-amz-content-sha256', undefined), '403 SignatureDoesNotMatch'],
      ['no date', withHeader('x-amz-date', undefined), '403 AccessDenied', '400 IncompleteSignature'],
      [
        'an invalid date',
        withHeader(
          'x-amz-date',
          '20269901T120000Z',
          authorization((h) => h.replace('/20260301/', '/20269901/')),
        ),
        '403 AccessDenied',
      ],
      [
        'a credential without scope',
        authorization((h) => h.replace(/Credential=[^,]*/, 'Credential=AKID')),
        '400 AuthorizationHeaderMalformed',
        '400 IncompleteSignature',
        '400 IncompleteSignatureException',
      ],
      [
        'no signature',
        authorization((h) => h.replace(/, Signature=.*/, '')),
        '400 AuthorizationHeaderMalformed',
        '400 IncompleteSignature',
      ],
      [
        'a signature that is not hex',
        authorization((h) => h.replace(/Signature=../, 'Signature=zz')),
        '400 AuthorizationHeaderMalformed',
      ],
      [
        'a signature in upper case',
        authorization((h) => h.replace(/Signature=(.*)/, (_, s: string) => `Signature=${s.toUpperCase()}`)),
        '400 AuthorizationHeaderMalformed',
      ],
      [
        'a basic authorization',
        withHeader('authorization', 'Basic dXNlcjpw'),
        '400 InvalidArgument',
        '400 IncompleteSignature',
      ],
      ['a version 2 header', withHeader('authorization', 'AWS AKIDEXAMPLE:c2lnbmF0dXJl'), '400 InvalidRequest'],
      ['a version 2 query', { ...unsigned, query: 'AWSAccessKeyId=A&Signature=b&Expires=1' }, '400 InvalidRequest'],
      ['two signatures', { ...presigned({}), headers: sign().headers }, '400 InvalidArgument'],
      ['an unknown payload constant', sign({ payload: 'STREAMING-NOTHING' }), '400 InvalidArgument'],
      [
        'an expiry of a week and a second',
        presigned({ 'X-Amz-Expires': '604801' }),
        '400 AuthorizationQueryParametersError',
      ],
      ['a negative expiry', presigned({ 'X-Amz-Expires': '-1' }), '400 AuthorizationQueryParametersError'],
      [
        'an expiry that is not a number',
        presigned({ 'X-Amz-Expires': 'soon' }),
        '400 AuthorizationQueryParametersError',
      ],
      ['a forged presigned URL', presigned({}), '403 SignatureDoesNotMatch'],
      ['an expired presigned URL', presigned({ 'X-Amz-Date': '20260301T115800Z' }), '403 AccessDenied'],
      [
        'an unknown algorithm',
        presigned({ 'X-Amz-Algorithm': 'AWS4-ECDSA-P256-SHA256' }),
        '400 AuthorizationQueryParametersError',
      ],
    ];
    for (const [what, parts, s3, sts, eks, now] of cases) {
      it(what, () => {
        const problem = problemOf(() => verify(parts, 's3', undefined, now ?? NOW));
        const answer = (service: ServiceName): string => {
          const { status, code, message } = signatureError(problem, service, parts.query.includes('X-Amz-Algorithm'));
          expect(message).to.have.length.greaterThan(5);
          expect(message).not.to.contain(CREDENTIALS.sessionToken).and.not.to.contain(CREDENTIALS.secretAccessKey);
          return `${status} ${code}`;
        };
        expect(answer('s3')).to.equal(s3);
        if (sts !== undefined) expect(answer('sts')).to.equal(sts);
        if (eks !== undefined) expect(answer('eks')).to.equal(eks);
      });
    }

    it('a payload that does not match its hash', () => {
      const problem = problemOf(() => verify(sign({ body: 'one' }), 's3', Buffer.from('two')));
      expect(problem.kind).to.equal('payload-mismatch');
      expect(problem.fields).to.have.keys('ClientComputedContentSHA256', 'S3ComputedContentSHA256');
    });

    it('a scope for another service', () => {
      expect(problemOf(() => verify(sign(), 'sts')).kind).to.equal('wrong-service');
    });
  });

  it('accepts the scope us-east-1 for IAM and STS, but not for EKS', () => {
    const unsigned: SignedParts = { method: 'POST', path: '/', query: '', headers: { host: 'h' } };
    const signedFor = (service: ServiceName): SignedParts => ({
      ...unsigned,
      headers: signedHeaders(unsigned, { credentials: CREDENTIALS, service, region: 'us-east-1', time: NOW }),
    });
    expect(verify(signedFor('iam'), 'iam').caller).to.equal(CALLER);
    expect(verify(signedFor('sts'), 'sts').caller).to.equal(CALLER);
    expect(problemOf(() => verify(signedFor('eks'), 'eks')).kind).to.equal('wrong-region');
  });
});

function problemOf(action: () => unknown): SignatureProblem {
  try {
    action();
  } catch (error) {
    if (error instanceof SignatureProblem) return error;
    throw error;
  }
  throw new Error('the request was accepted');
}
