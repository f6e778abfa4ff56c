import { AwsError, errorKind } from '../../foundation/aws/aws-error.ts';
import errors from './errors.json' with { type: 'json' };

/** Returns an error with a constant status and message (S3 API Reference, "List of error codes"). */
export function s3Error(
  code: keyof typeof errors,
  fields: Readonly<Record<string, string>> = {},
  headers: Readonly<Record<string, string>> = {},
): AwsError {
  const { status, message } = errors[code];
  return new AwsError(code, status, message, fields, headers);
}

/** Header for an object whose newest version is a delete marker. */
export const DELETED = { 'x-amz-delete-marker': 'true' };

export function invalidArgument(message: string, name: string, value: string): AwsError {
  return new AwsError('InvalidArgument', 400, message, { ArgumentName: name, ArgumentValue: value });
}

export const invalidRequest = errorKind('InvalidRequest', 400);

export function notImplemented(header: string, additionalMessage?: string): AwsError {
  return s3Error('NotImplemented', { Header: header, ...(additionalMessage && { additionalMessage }) });
}
