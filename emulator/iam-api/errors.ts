import { errorKind as kind } from '../core/errors.ts';

export { validationError } from '../core/errors.ts';
export const noSuchEntity = kind('NoSuchEntity', 404);
export const entityAlreadyExists = kind('EntityAlreadyExists', 409);
export const limitExceeded = kind('LimitExceeded', 409);
export const deleteConflict = kind('DeleteConflict', 409);
export const invalidInput = kind('InvalidInput', 400);
export const malformedPolicy = kind('MalformedPolicyDocument', 400);
