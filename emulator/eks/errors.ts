import { errorKind as kind } from '../core/errors.ts';

/** A parameter is missing or not valid. */
export const invalidParameter = kind('InvalidParameterException', 400);
/** The request is not valid in the state of things. */
export const invalidRequest = kind('InvalidRequestException', 400);
export const resourceNotFound = kind('ResourceNotFoundException', 404);
export const resourceInUse = kind('ResourceInUseException', 409);
/** A quota is used up. */
export const resourceLimitExceeded = kind('ResourceLimitExceededException', 400);
export const accessDenied = kind('AccessDeniedException', 403);

/** What an error of the Kubernetes side says, for health issues and notes. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
