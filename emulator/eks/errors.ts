import { errorKind as kind } from '../../foundation/aws/aws-error.ts';

export const invalidParameter = kind('InvalidParameterException', 400);
export const invalidRequest = kind('InvalidRequestException', 400);
export const resourceNotFound = kind('ResourceNotFoundException', 404);
export const resourceInUse = kind('ResourceInUseException', 409);
export const resourceLimitExceeded = kind('ResourceLimitExceededException', 400);
export const accessDenied = kind('AccessDeniedException', 403);

/** Returns the text of a Kubernetes error, for health issues and notes. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
