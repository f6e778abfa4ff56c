/** An error in an AWS answer. Each service renders it in its protocol (S3 XML, query XML, REST-JSON). */
export class AwsError extends Error {
  override readonly name = 'AwsError';
  /** For example `AccessDenied` or `ResourceNotFoundException`. */
  readonly code: string;
  readonly status: number;
  /** Additional members of the error body, such as S3's `Key` or `BucketName`. */
  readonly fields: Readonly<Record<string, string>>;

  /** Additional response headers, with names in lower case. */
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

export const errorKind = (code: string, status: number) => (message: string, fields?: AwsError['fields']) =>
  new AwsError(code, status, message, fields);

export const validationError = errorKind('ValidationError', 400);

export const missingAuthenticationToken = () =>
  new AwsError('MissingAuthenticationToken', 403, 'Request is missing Authentication Token');
