import { AwsError } from '../../../foundation/aws/aws-error.ts';
import type { ServiceResponse } from '../../core/service.ts';
import { s3Error } from '../errors.ts';
import { parseXml } from '../xml.ts';
import { textOf, type JsonObject } from '../../../foundation/node/json.ts';
import { BackendError, type BackendRequest, type RawAnswer } from './send.ts';

/** The only 403 that concerns an object. */
const ARCHIVED = 'InvalidObjectState';

/** Returns the client's error (S3 API Reference, "Error responses"), with the reason for the emulator's user. */
export function unavailable({ message }: BackendError): AwsError {
  return new AwsError('ServiceUnavailable', 503, `Service is unable to handle request: ${message}.`);
}

/**
 * Returns the backend's answer. Throws its error as AwsError. Throws BackendError if it is not an S3 error, or is a
 * 401, 403 or redirect: the emulator allowed the call, so these concern the emulator's own configuration.
 */
export function answerOf({ method, key }: BackendRequest, { status, headers, body }: RawAnswer): ServiceResponse {
  if ((status >= 200 && status < 300) || status === 304) return { status, headers: ownHeaders(method, headers), body };
  const error = errorDocument(body);
  const code = error?.['Code'];
  if (status < 400 || status === 401 || (status === 403 && code !== ARCHIVED)) {
    throw new BackendError(`status ${status} ${typeof code === 'string' ? code : ''}`.trimEnd());
  }
  if (error !== undefined && typeof code === 'string' && code !== '') {
    throw new AwsError(code, status, textOf(error['Message']) ?? '', fieldsOf(error));
  }
  if (method !== 'HEAD' || status >= 500) throw new BackendError(`status ${status} without an S3 error`);
  throw headError(status, key);
}

/** Not passed on, because the emulator sets its own. */
const NOT_PASSED: ReadonlySet<string> = new Set([
  ...['connection', 'keep-alive', 'transfer-encoding', 'date', 'server', 'x-amz-request-id', 'x-amz-id-2'],
  ...['x-amzn-requestid', 'x-amzn-request-id', 'alt-svc', 'set-cookie'],
]);

function ownHeaders(method: string, headers: Readonly<Record<string, string>>): Record<string, string> {
  const passed = Object.entries(headers).filter(
    ([name]) => !NOT_PASSED.has(name) && (name !== 'content-length' || method === 'HEAD'),
  );
  return Object.fromEntries(passed);
}

function errorDocument(body: Buffer): JsonObject | undefined {
  try {
    return body.length === 0 ? undefined : parseXml(body, 'Error');
  } catch {
    return undefined;
  }
}

const OWN_FIELDS: readonly string[] = ['Code', 'Message', 'RequestId', 'HostId', 'Resource'];

function fieldsOf(error: JsonObject): Record<string, string> {
  const texts = Object.entries(error).filter((field): field is [string, string] => typeof field[1] === 'string');
  return Object.fromEntries(texts.filter(([name]) => !OWN_FIELDS.includes(name)));
}

function headError(status: number, key: string): AwsError {
  if (status === 404) return s3Error(key === '' ? 'NoSuchBucket' : 'NoSuchKey');
  if (status === 412) return s3Error('PreconditionFailed');
  return status === 416 ? s3Error('InvalidRange') : new AwsError('BadRequest', status, 'Bad Request');
}
