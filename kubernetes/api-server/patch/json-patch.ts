import { isDeepStrictEqual } from 'node:util';

/** One operation of a JSON Patch (RFC 6902). */
export interface JsonPatchOperation {
  readonly op: string;
  readonly path: string;
  readonly from?: string;
  readonly value?: unknown;
}

/** A patch that is malformed or does not apply to the document. */
export class JsonPatchError extends Error {
  override readonly name = 'JsonPatchError';
}

type Container = Record<string, unknown> | unknown[];

/** Reference tokens of a JSON pointer (RFC 6901). */
function tokensOf(pointer: unknown): string[] {
  if (typeof pointer !== 'string' || (pointer !== '' && !pointer.startsWith('/'))) {
    throw new JsonPatchError('a path must be empty or begin with "/"');
  }
  return pointer
    .split('/')
    .slice(1)
    .map((token) => token.replaceAll('~1', '/').replaceAll('~0', '~'));
}

function isContainer(value: unknown): value is Container {
  return typeof value === 'object' && value !== null;
}

/** Index of an element; `end` is one past the last index that is allowed, where `-` points to as well. */
function indexOf(token: string, end: number, pointer: string): number {
  const index = /^(0|[1-9]\d*)$/.test(token) ? Number(token) : Number.NaN;
  if (!(index < end)) throw new JsonPatchError(`path ${pointer} does not exist`);
  return index;
}

function read(document: unknown, pointer: string): unknown {
  let value = document;
  for (const token of tokensOf(pointer)) {
    if (Array.isArray(value)) value = value[indexOf(token, value.length, pointer)];
    else if (isContainer(value) && Object.hasOwn(value, token)) value = (value as Record<string, unknown>)[token];
    else throw new JsonPatchError(`path ${pointer} does not exist`);
  }
  return value;
}

/** The container that holds what the pointer names, and the last token. */
function parentOf(document: unknown, pointer: string): { parent: Container; token: string } {
  const tokens = tokensOf(pointer);
  const token = tokens.at(-1);
  if (token === undefined) throw new JsonPatchError('the whole document cannot be removed');
  // A property of that name would be lost without a word: assigning it sets the prototype.
  if (token === '__proto__') throw new JsonPatchError(`path ${pointer} is not allowed`);
  const parent = read(document, pointer.slice(0, pointer.lastIndexOf('/')));
  if (!isContainer(parent)) throw new JsonPatchError(`path ${pointer} does not exist`);
  return { parent, token };
}

function add(document: unknown, pointer: string, value: unknown): unknown {
  if (pointer === '') return value;
  const { parent, token } = parentOf(document, pointer);
  if (Array.isArray(parent)) {
    parent.splice(token === '-' ? parent.length : indexOf(token, parent.length + 1, pointer), 0, value);
  } else parent[token] = value;
  return document;
}

function remove(document: unknown, pointer: string): unknown {
  read(document, pointer);
  const { parent, token } = parentOf(document, pointer);
  if (Array.isArray(parent)) parent.splice(indexOf(token, parent.length, pointer), 1);
  else Reflect.deleteProperty(parent, token);
  return document;
}

function replace(document: unknown, pointer: string, value: unknown): unknown {
  if (pointer === '') return value;
  read(document, pointer);
  const { parent, token } = parentOf(document, pointer);
  if (Array.isArray(parent)) parent[indexOf(token, parent.length, pointer)] = value;
  else parent[token] = value;
  return document;
}

function valueOf(operation: JsonPatchOperation): unknown {
  if (!Object.hasOwn(operation, 'value')) throw new JsonPatchError(`"${operation.op}" needs a value`);
  return structuredClone(operation.value);
}

function apply(document: unknown, operation: JsonPatchOperation): unknown {
  const { op, path, from = '' } = operation;
  tokensOf(path);
  switch (op) {
    case 'add':
      return add(document, path, valueOf(operation));
    case 'remove':
      return remove(document, path);
    case 'replace':
      return replace(document, path, valueOf(operation));
    case 'move': {
      if (path.startsWith(`${from}/`)) throw new JsonPatchError('a value cannot be moved into itself');
      const value = read(document, from);
      return add(remove(document, from), path, value);
    }
    case 'copy':
      return add(document, path, structuredClone(read(document, from)));
    case 'test':
      if (!isDeepStrictEqual(read(document, path), valueOf(operation))) {
        throw new JsonPatchError(`testing path ${path} failed`);
      }
      return document;
    default:
      throw new JsonPatchError(`"${op}" is not an operation`);
  }
}

/** Applies a JSON Patch to a copy of the document. Throws `JsonPatchError`; then nothing has been applied. */
export function applyJsonPatch(document: unknown, patch: unknown): unknown {
  if (!Array.isArray(patch)) throw new JsonPatchError('a JSON patch is a list of operations');
  let result: unknown = structuredClone(document);
  for (const operation of patch as unknown[]) {
    if (!isContainer(operation) || Array.isArray(operation)) throw new JsonPatchError('an operation is an object');
    // `move` from its own path leaves the value where it is.
    const typed = operation as unknown as JsonPatchOperation;
    if (typed.op === 'move' && typed.from === typed.path) read(result, typed.path);
    else result = apply(result, typed);
  }
  return result;
}
