import { ApiError, type StatusDetails } from './types.ts';
import { qualified, type ResourceKind } from './kinds.ts';

type Named = Pick<ResourceKind, 'group' | 'resource'>;

function about(kind: Named, name: string): StatusDetails {
  return { name, ...(kind.group === '' ? {} : { group: kind.group }), kind: kind.resource };
}

export function notFound(kind: Named, name: string): ApiError {
  return new ApiError(404, 'NotFound', `${qualified(kind)} "${name}" not found`, about(kind, name));
}

export function alreadyExists(kind: Named, name: string): ApiError {
  return new ApiError(409, 'AlreadyExists', `${qualified(kind)} "${name}" already exists`, about(kind, name));
}

export function conflict(kind: Named, name: string, cause: string): ApiError {
  const message = `Operation cannot be fulfilled on ${qualified(kind)} "${name}": ${cause}`;
  return new ApiError(409, 'Conflict', message, about(kind, name));
}

export function forbidden(kind: Named, name: string, cause: string): ApiError {
  const subject = name === '' ? qualified(kind) : `${qualified(kind)} "${name}"`;
  return new ApiError(403, 'Forbidden', `${subject} is forbidden: ${cause}`, about(kind, name));
}

export function badRequest(message: string): ApiError {
  return new ApiError(400, 'BadRequest', message);
}

/** Returns a 501 that names an alternative. */
export function notOffered(kind: Named, why: string): ApiError {
  return new ApiError(501, 'NotImplemented', `this cluster does not support ${qualified(kind)}: ${why}`);
}

export function methodNotAllowed(): ApiError {
  return new ApiError(405, 'MethodNotAllowed', 'the server does not allow this method on the requested resource');
}

export function pathNotFound(): ApiError {
  return new ApiError(404, 'NotFound', 'the server could not find the requested resource');
}

/** `reason` is a cause of Kubernetes, such as `FieldValueInvalid`. */
export interface FieldError {
  readonly reason: 'FieldValueInvalid' | 'FieldValueRequired' | 'FieldValueForbidden' | 'FieldValueNotSupported';
  readonly field: string;
  readonly message: string;
}

export function invalidValue(field: string, value: unknown, why: string): FieldError {
  return { reason: 'FieldValueInvalid', field, message: `Invalid value: ${JSON.stringify(value)}: ${why}` };
}

export function requiredValue(field: string, why = ''): FieldError {
  return { reason: 'FieldValueRequired', field, message: why === '' ? 'Required value' : `Required value: ${why}` };
}

export function notSupported(field: string, value: unknown, supported: readonly string[]): FieldError {
  const values = supported.map((one) => JSON.stringify(one)).join(', ');
  const message = `Unsupported value: ${JSON.stringify(value)}: supported values: ${values}`;
  return { reason: 'FieldValueNotSupported', field, message };
}

export function forbiddenValue(field: string, why: string): FieldError {
  return { reason: 'FieldValueForbidden', field, message: `Forbidden: ${why}` };
}

/** `NotFound`, `AlreadyExists`, `Forbidden`, `Invalid`, … */
export function invalid(kind: { group: string; kind: string }, name: string, errors: readonly FieldError[]): ApiError {
  const what = kind.group === '' ? kind.kind : `${kind.kind}.${kind.group}`;
  const texts = errors.map((e) => `${e.field}: ${e.message}`);
  const list = texts.length === 1 ? texts.join('') : `[${texts.join(', ')}]`;
  return new ApiError(422, 'Invalid', `${what} "${name}" is invalid: ${list}`, {
    name,
    ...(kind.group === '' ? {} : { group: kind.group }),
    kind: kind.kind,
    causes: errors,
  });
}
