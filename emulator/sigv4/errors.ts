import { AwsError } from '../../foundation/aws/aws-error.ts';
import type { ServiceName } from '../core/service.ts';
import wordings from './errors.json' with { type: 'json' };
import type { SignatureProblem, SignatureProblemKind } from './problem.ts';

/** Default text: the message of the problem. */
interface Wording {
  readonly code: string;
  readonly status: number;
  readonly text?: string;
}
type Wordings = Partial<Readonly<Record<SignatureProblemKind, Wording>>>;

/** S3 API Reference, "Error responses". */
const S3: Readonly<Record<SignatureProblemKind, Wording>> = wordings.s3;
/** A service's errors (API References, common errors), its code for incomplete requests, and its code for others. */
type Own = readonly [own: Wordings, incomplete: string, wrong: string];
const QUERY: Own = [wordings.query, 'IncompleteSignature', 'SignatureDoesNotMatch'];
const JSON_SERVICES: Own = [wordings.json, 'IncompleteSignatureException', 'InvalidSignatureException'];
const WORDINGS: Readonly<Record<Exclude<ServiceName, 's3'>, Own>> = {
  iam: QUERY,
  sts: QUERY,
  eks: JSON_SERVICES,
  'eks-auth': JSON_SERVICES,
  ec2: [wordings.ec2, 'IncompleteSignature', 'SignatureDoesNotMatch'],
};

/** Problems with the signature's form, not with its value. */
const INCOMPLETE: ReadonlySet<SignatureProblemKind> = new Set([
  'two-mechanisms',
  'unsupported-type',
  'signature-version-2',
  'malformed',
  'missing-date',
]);

/** Returns the service's error. @param presigned because S3 has its own code for malformed query strings */
export function signatureError(problem: SignatureProblem, service: ServiceName, presigned: boolean): AwsError {
  if (service === 's3') {
    const { code, status, text } = S3[problem.kind];
    if (code !== 'AuthorizationHeaderMalformed')
      return new AwsError(code, status, text ?? problem.message, problem.fields);
    return presigned
      ? new AwsError('AuthorizationQueryParametersError', status, problem.message, problem.fields)
      : new AwsError(code, status, `The authorization header is malformed; ${problem.message}`, problem.fields);
  }
  const [serviceWording, incomplete, wrong] = WORDINGS[service];
  const other = INCOMPLETE.has(problem.kind) ? { code: incomplete, status: 400 } : { code: wrong, status: 403 };
  const { code, status, text }: Wording = serviceWording[problem.kind] ?? other;
  if (problem.kind === 'wrong-region')
    return new AwsError(code, status, 'Credential should be scoped to a valid region.');
  return new AwsError(code, status, text ?? problem.message);
}
