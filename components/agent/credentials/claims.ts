import type { JsonNode } from '../../go/json-parse.ts';
import { quoteString } from '../../go/text.ts';

/** Claims that the agent checks, in whole seconds since the epoch. */
export interface TimeClaims {
  readonly expirationTime?: number | undefined;
  readonly notBefore?: number | undefined;
}

const STRUCT = 'RegisteredClaims';
const STRINGS = new Set(['iss', 'sub', 'jti']);
const TIMES = new Set(['exp', 'nbf', 'iat']);

/** Returns Go's `json.UnmarshalTypeError` for a field of the claims or the whole value. */
function typeError(actualType: string, wanted: string, field?: string): Error {
  const target = field === undefined ? 'Go value' : `Go struct field ${STRUCT}.${field}`;
  return new Error(`json: cannot unmarshal ${actualType} into ${target} of type ${wanted}`);
}

/** Folds case like Go's `encoding/json`, including ſ. The Kelvin sign does not matter: no field name contains a k. */
function fold(key: string): string {
  return key.toLowerCase().replaceAll('\u017f', 's');
}

/** Returns the first number in a tree that exceeds a float64. */
export function overflowingNumber(root: JsonNode): string | undefined {
  const pending = [root];
  for (let node = pending.pop(); node !== undefined; node = pending.pop()) {
    if (node.kind === 'number' && !Number.isFinite(Number(node.raw))) return node.raw;
    // Use a loop: spreading a long list would overflow the call stack.
    if (node.kind === 'array') for (const item of node.items.toReversed()) pending.push(item);
    if (node.kind === 'object') for (const [, value] of node.entries.toReversed()) pending.push(value);
  }
  return undefined;
}

/** Truncates to whole seconds. Like in Go, values beyond a 64-bit time wrap around into the far past. */
function wholeSeconds(value: number): number {
  const UNIX_TO_YEAR_ONE = 62_135_596_800;
  return value < 2 ** 63 - UNIX_TO_YEAR_ONE ? Math.floor(value) : Number.NEGATIVE_INFINITY;
}

function numericDate(node: JsonNode): number {
  let number: string;
  if (node.kind === 'number') number = node.raw;
  else if (node.kind === 'string') {
    if (!/^-?(0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?$/.test(node.value)) {
      const literal = `json: invalid number literal, trying to unmarshal ${quoteString(node.raw)} into Number`;
      throw new Error(`could not parse NumericData: ${literal}`);
    }
    number = node.value;
  } else {
    throw new Error(`could not parse NumericData: ${typeError(node.kind, 'json.Number').message}`);
  }
  const seconds = Number(number);
  if (!Number.isFinite(seconds)) {
    const range = `strconv.ParseFloat: parsing ${quoteString(number)}: value out of range`;
    throw new Error(`could not convert json number value to float: ${range}`);
  }
  return wholeSeconds(seconds);
}

function checkAudience(node: JsonNode): void {
  const overflow = overflowingNumber(node);
  if (overflow !== undefined) throw typeError(`number ${overflow}`, 'float64', 'aud');
  if (node.kind === 'string' || node.kind === 'null') return;
  if (node.kind === 'array' && node.items.every((item) => item.kind === 'string')) return;
  throw new Error('invalid type for claim');
}

/**
 * Reads claims like Go's `encoding/json` for golang-jwt's `RegisteredClaims`: invalid times and audiences fail at once,
 * other types at the end. @throws Error with Go's message
 */
export function readClaims(node: JsonNode): TimeClaims {
  const times = new Map<string, number>();
  if (node.kind === 'null') return {};
  if (node.kind !== 'object') throw typeError(node.kind, 'jwt.RegisteredClaims');
  let plainError: Error | undefined;
  for (const [key, value] of node.entries) {
    const name = fold(key);
    if (TIMES.has(name)) {
      if (value.kind === 'null') times.delete(name);
      else times.set(name, numericDate(value));
    } else if (name === 'aud') {
      checkAudience(value);
    } else if (STRINGS.has(name) && value.kind !== 'string' && value.kind !== 'null') {
      plainError ??= typeError(value.kind, 'string', name);
    }
  }
  if (plainError !== undefined) throw plainError;
  return { expirationTime: times.get('exp'), notBefore: times.get('nbf') };
}
