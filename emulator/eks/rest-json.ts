import { AwsError } from '../core/errors.ts';
import { isJsonObject, type JsonObject } from '../core/json.ts';
import type { Service, ServiceRequest, ServiceResponse } from '../core/service.ts';

/** The answer of a REST-JSON operation. Members that are undefined are left out. */
export function jsonAnswer(request: Pick<ServiceRequest, 'id'>, body: object, status = 200): ServiceResponse {
  return {
    status,
    headers: { 'content-type': 'application/json', 'x-amzn-requestid': request.id },
    body: JSON.stringify(body),
  };
}

/** REST-JSON's form of an error: its code in `x-amzn-ErrorType`, its text in `message` (Smithy, "AWS restJson1"). */
export const renderRestJsonError: Service['renderError'] = (error, request) => {
  const answer = jsonAnswer(request, { message: error.message, ...error.fields }, error.status);
  return { ...answer, headers: { ...answer.headers, 'x-amzn-errortype': error.code } };
};

/**
 * The request's body as an object; an empty body is an empty object.
 *
 * @throws AwsError `SerializationException` 400 when it is not a JSON object.
 */
export function parseJsonBody(body: Buffer): JsonObject {
  if (body.length === 0) return {};
  let value: unknown;
  try {
    value = JSON.parse(body.toString('utf8'));
  } catch {
    throw serializationError('The request body is not JSON.');
  }
  if (!isJsonObject(value)) throw serializationError('The request body is not a JSON object.');
  return value;
}

export function serializationError(message: string): AwsError {
  return new AwsError('SerializationException', 400, message);
}
