import { AwsError } from '../../core/errors.ts';

const kind = (code: string, status: number) => (message: string) => new AwsError(code, status, message);

/** IAM's errors (IAM API Reference, the errors of each action). */
export const noSuchEntity = kind('NoSuchEntity', 404);
export const entityAlreadyExists = kind('EntityAlreadyExists', 409);
export const limitExceeded = kind('LimitExceeded', 409);
export const deleteConflict = kind('DeleteConflict', 409);
export const invalidInput = kind('InvalidInput', 400);
export const validationError = kind('ValidationError', 400);
export const malformedPolicy = kind('MalformedPolicyDocument', 400);
