import { AwsError } from '../core/errors.ts';
import type { ServiceName } from '../core/service.ts';
import type { SignatureProblem, SignatureProblemKind } from './problem.ts';

/** Code, status and text; without a text, the problem's own sentence is answered. */
type Wording = readonly [code: string, status: number, text?: string];

const S3_MISMATCH =
  'The request signature we calculated does not match the signature you provided. Check your key and signing method.';
const MISMATCH =
  'The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and ' +
  'signing method. Consult the service documentation for details.';
const INVALID_TOKEN = 'The security token included in the request is invalid.';
const EXPIRED_TOKEN = 'The security token included in the request is expired';

/** S3 API Reference, "Error responses". */
const S3: Readonly<Record<SignatureProblemKind, Wording>> = {
  missing: ['AccessDenied', 403, 'Access Denied'],
  'two-mechanisms': [
    'InvalidArgument',
    400,
    'Only one auth mechanism allowed; only the X-Amz-Algorithm query parameter, Signature query string parameter or the ' +
      'Authorization header should be specified',
  ],
  'unsupported-type': ['InvalidArgument', 400, 'Unsupported Authorization Type'],
  'signature-version-2': [
    'InvalidRequest',
    400,
    'The authorization mechanism you have provided is not supported. Please use AWS4-HMAC-SHA256.',
  ],
  malformed: ['AuthorizationHeaderMalformed', 400],
  'wrong-region': ['AuthorizationHeaderMalformed', 400],
  'wrong-service': ['AuthorizationHeaderMalformed', 400],
  'wrong-terminator': ['AuthorizationHeaderMalformed', 400],
  'wrong-scope-date': ['AuthorizationHeaderMalformed', 400],
  'missing-date': ['AccessDenied', 403, 'AWS authentication requires a valid Date or x-amz-date header'],
  skewed: ['RequestTimeTooSkewed', 403, 'The difference between the request time and the current time is too large.'],
  'bad-expires': ['AuthorizationQueryParametersError', 400],
  'presigned-expired': ['AccessDenied', 403],
  'unknown-key': ['InvalidAccessKeyId', 403, 'The AWS Access Key Id you provided does not exist in our records.'],
  'wrong-token': ['InvalidToken', 400, 'The provided token is malformed or otherwise invalid.'],
  'expired-token': ['ExpiredToken', 400, 'The provided token has expired.'],
  'header-not-signed': ['AccessDenied', 403, 'There were headers present in the request which were not signed'],
  'missing-payload-hash': ['InvalidRequest', 400],
  'bad-payload-hash': ['InvalidArgument', 400],
  'payload-mismatch': [
    'XAmzContentSHA256Mismatch',
    400,
    "The provided 'x-amz-content-sha256' header does not match what was computed.",
  ],
  mismatch: ['SignatureDoesNotMatch', 403, S3_MISMATCH],
  'missing-decoded-length': ['MissingContentLength', 411, 'You must provide the Content-Length HTTP header.'],
  'wrong-decoded-length': [
    'IncompleteBody',
    400,
    'You did not provide the number of bytes specified by the x-amz-decoded-content-length HTTP header',
  ],
  'malformed-chunks': ['InvalidRequest', 400],
  'malformed-trailer': [
    'MalformedTrailerError',
    400,
    'The request contained trailing data that was not well-formed or did not conform to our published schema.',
  ],
};

/** The query protocol's (IAM and STS) common errors. */
const QUERY: Partial<Readonly<Record<SignatureProblemKind, Wording>>> = {
  missing: ['MissingAuthenticationToken', 403, 'Request is missing Authentication Token'],
  'unknown-key': ['InvalidClientTokenId', 403, INVALID_TOKEN],
  'wrong-token': ['InvalidClientTokenId', 403, INVALID_TOKEN],
  'expired-token': ['ExpiredToken', 403, EXPIRED_TOKEN],
  mismatch: ['SignatureDoesNotMatch', 403, MISMATCH],
};

/** EC2 API Reference, "Error codes for the Amazon EC2 API". */
const EC2: Partial<Readonly<Record<SignatureProblemKind, Wording>>> = {
  missing: ['MissingAuthenticationToken', 403, 'Request is missing Authentication Token'],
  'unknown-key': ['AuthFailure', 401, 'AWS was not able to validate the provided access credentials'],
  'wrong-token': ['AuthFailure', 401, 'AWS was not able to validate the provided access credentials'],
  'expired-token': ['RequestExpired', 400, 'Request has expired.'],
  skewed: ['RequestExpired', 400, 'Request has expired.'],
  mismatch: ['AuthFailure', 401, 'AWS was not able to validate the provided access credentials'],
};

/** REST-JSON services' (EKS and EKS Auth) common errors. */
const JSON_SERVICES: Partial<Readonly<Record<SignatureProblemKind, Wording>>> = {
  missing: ['MissingAuthenticationTokenException', 403, 'Missing Authentication Token'],
  'unknown-key': ['UnrecognizedClientException', 403, INVALID_TOKEN],
  'wrong-token': ['UnrecognizedClientException', 403, INVALID_TOKEN],
  'expired-token': ['ExpiredTokenException', 403, EXPIRED_TOKEN],
  mismatch: ['InvalidSignatureException', 403, MISMATCH],
};

/** Of each service, its own errors and the codes for what is not among them: a form that is not complete, and all else. */
const QUERY_WORDINGS = [QUERY, 'IncompleteSignature', 'SignatureDoesNotMatch'] as const;
const JSON_WORDINGS = [JSON_SERVICES, 'IncompleteSignatureException', 'InvalidSignatureException'] as const;
const WORDINGS = {
  iam: QUERY_WORDINGS,
  sts: QUERY_WORDINGS,
  eks: JSON_WORDINGS,
  'eks-auth': JSON_WORDINGS,
  ec2: [EC2, 'IncompleteSignature', 'SignatureDoesNotMatch'] as const,
} satisfies Readonly<Record<Exclude<ServiceName, 's3'>, unknown>>;

/** Problems that are of the form of the signature, not of its value: the request cannot be read. */
const INCOMPLETE: ReadonlySet<SignatureProblemKind> = new Set([
  'two-mechanisms',
  'unsupported-type',
  'signature-version-2',
  'malformed',
  'missing-date',
  'bad-expires',
]);

/**
 * The error that a service answers for a signature it does not accept.
 * @param presigned whether the signature stands in the query string: S3 has a code of its own for what is malformed there
 */
export function signatureError(problem: SignatureProblem, service: ServiceName, presigned = false): AwsError {
  if (service === 's3') {
    const [code, status, text] = S3[problem.kind];
    if (code !== 'AuthorizationHeaderMalformed')
      return new AwsError(code, status, text ?? problem.message, problem.fields);
    return presigned
      ? new AwsError('AuthorizationQueryParametersError', status, problem.message, problem.fields)
      : new AwsError(code, status, `The authorization header is malformed; ${problem.message}`, problem.fields);
  }
  const [own, incomplete, wrong] = WORDINGS[service];
  const [code, status, text] = own[problem.kind] ?? (INCOMPLETE.has(problem.kind) ? [incomplete, 400] : [wrong, 403]);
  if (problem.kind === 'wrong-region')
    return new AwsError(code, status, 'Credential should be scoped to a valid region.');
  return new AwsError(code, status, text ?? problem.message);
}
