import { AwsError } from '../core/errors.ts';

type Fields = Readonly<Record<string, string>>;

/** 400: a parameter is missing or not valid. `fields` name the cluster, node group or add-on it is about. */
export function invalidParameter(message: string, fields: Fields = {}): AwsError {
  return new AwsError('InvalidParameterException', 400, message, fields);
}

/** 400: the request is not valid in the state of things. */
export function invalidRequest(message: string, fields: Fields = {}): AwsError {
  return new AwsError('InvalidRequestException', 400, message, fields);
}

/** 404 */
export function resourceNotFound(message: string, fields: Fields = {}): AwsError {
  return new AwsError('ResourceNotFoundException', 404, message, fields);
}

/** 409 */
export function resourceInUse(message: string, fields: Fields = {}): AwsError {
  return new AwsError('ResourceInUseException', 409, message, fields);
}

/** 400: a quota is used up. */
export function resourceLimitExceeded(message: string, fields: Fields = {}): AwsError {
  return new AwsError('ResourceLimitExceededException', 400, message, fields);
}

/** 403 */
export function accessDenied(message: string): AwsError {
  return new AwsError('AccessDeniedException', 403, message);
}

/** What an error of the Kubernetes side says, for health issues and notes. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
