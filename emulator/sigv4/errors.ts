import { AwsError } from '../core/errors.ts';
import type { ServiceName } from '../core/service.ts';
import wordings from './errors.json' with { type: 'json' };
import type { SignatureProblem, SignatureProblemKind } from './problem.ts';

/** Without a text, the problem's own sentence is answered. */
interface Wording {
  readonly code: string;
  readonly status: number;
  readonly text?: string;
}
type Wordings = Partial<Readonly<Record<SignatureProblemKind, Wording>>>;

/** S3 API Reference, "Error responses". */
const S3: Readonly<Record<SignatureProblemKind, Wording>> = wordings.s3;
/** The common errors of IAM and STS. */
const QUERY: Wordings = wordings.query;
/** EC2 API Reference, "Error codes for the Amazon EC2 API". */
const EC2: Wordings = wordings.ec2;
/** The common errors of EKS and EKS Auth. */
const JSON_SERVICES: Wordings = wordings.json;

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
    const { code, status, text } = S3[problem.kind];
    if (code !== 'AuthorizationHeaderMalformed')
      return new AwsError(code, status, text ?? problem.message, problem.fields);
    return presigned
      ? new AwsError('AuthorizationQueryParametersError', status, problem.message, problem.fields)
      : new AwsError(code, status, `The authorization header is malformed; ${problem.message}`, problem.fields);
  }
  const [own, incomplete, wrong] = WORDINGS[service];
  const other = INCOMPLETE.has(problem.kind) ? { code: incomplete, status: 400 } : { code: wrong, status: 403 };
  const { code, status, text }: Wording = own[problem.kind] ?? other;
  if (problem.kind === 'wrong-region')
    return new AwsError(code, status, 'Credential should be scoped to a valid region.');
  return new AwsError(code, status, text ?? problem.message);
}
