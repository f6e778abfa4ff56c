/**
 * An error that AWS answers a request with. Each service renders it in its own protocol (S3 XML, query XML, REST-JSON).
 */
export class AwsError extends Error {
  override readonly name = 'AwsError';
  /** The error code, such as `AccessDenied` or `ResourceNotFoundException`. */
  readonly code: string;
  /** HTTP status. */
  readonly status: number;
  /** Further members of the error body, such as S3's `Key` or `BucketName`. */
  readonly fields: Readonly<Record<string, string>>;

  /** Headers of the answer beside the service's own, names in lower case. */
  readonly headers: Readonly<Record<string, string>>;

  constructor(
    code: string,
    status: number,
    message: string,
    fields: Readonly<Record<string, string>> = {},
    headers: Readonly<Record<string, string>> = {},
  ) {
    super(message);
    this.headers = headers;
    this.code = code;
    this.status = status;
    this.fields = fields;
  }
}

/** Makes errors of one code; `fields` name what they are about. */
export const errorKind = (code: string, status: number) => (message: string, fields?: AwsError['fields']) =>
  new AwsError(code, status, message, fields);

/** What IAM and STS answer for input that breaks a rule. */
export const validationError = errorKind('ValidationError', 400);

/** What IAM and STS answer to a call that is not signed and must be. */
export const missingAuthenticationToken = () =>
  new AwsError('MissingAuthenticationToken', 403, 'Request is missing Authentication Token');
