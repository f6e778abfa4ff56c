import { errorKind as kind } from '../../foundation/aws/aws-error.ts';

export { validationError } from '../../foundation/aws/aws-error.ts';
export const noSuchEntity = kind('NoSuchEntity', 404);
export const entityAlreadyExists = kind('EntityAlreadyExists', 409);
export const limitExceeded = kind('LimitExceeded', 409);
export const deleteConflict = kind('DeleteConflict', 409);
export const invalidInput = kind('InvalidInput', 400);
export const malformedPolicy = kind('MalformedPolicyDocument', 400);
