import { invalidValue, type FieldError } from '../errors.ts';
import { isObject, type JsonObject } from '../patch/merge-patch.ts';

export const LABEL = /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/;

export const LABEL_RULE =
  "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an " +
  "alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')";
export function isStringList(value: unknown): boolean {
  return value === undefined || (Array.isArray(value) && value.every((item) => typeof item === 'string'));
}

/** Checks the elements of a list, which may be absent but must be a list of objects. */
export function checkObjects(
  field: string,
  list: unknown,
  check: (element: JsonObject, at: string) => FieldError[],
): FieldError[] {
  if (list === undefined || list === null) return [];
  if (!Array.isArray(list)) return [invalidValue(field, list, 'must be a list')];
  return list.flatMap((element: unknown, i) =>
    isObject(element)
      ? check(element, `${field}[${i}]`)
      : [invalidValue(`${field}[${i}]`, element, 'must be an object')],
  );
}
