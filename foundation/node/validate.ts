import * as z from 'zod';
import { HarnessError } from './errors.ts';
import { suggestion } from './nearest.ts';
import { readText } from './read-file.ts';

/**
 * Returns the value if it matches the schema. Throws `HarnessError` BAD_FILE with `say` of the first problem. A
 * schema's message names the requirement; a check's message (`refine`) replaces the whole sentence.
 */
export function validated<T>(schema: z.ZodType<T>, value: unknown, say: (problem: string) => string): T {
  const { data, error } = schema.safeParse(value, { error: needed, reportInput: true });
  if (error === undefined) return data;
  // A misspelt member may be why another is missing, so it is reported first.
  const issue = error.issues.find(({ code }) => code === 'unrecognized_keys') ?? error.issues[0];
  throw new HarnessError('BAD_FILE', say(issue === undefined ? 'it is invalid' : problemOf(issue)));
}

/** Reads a JSON file that must match a schema. `what` describes it if it cannot be read. Throws like `validated`. */
export function readValidJson<T>(
  schema: z.ZodType<T>,
  file: string,
  what: string,
  say: (problem: string) => string,
): T {
  const content = readText(file, what);
  let value: unknown;
  try {
    value = JSON.parse(content);
  } catch {
    throw new HarnessError('BAD_FILE', say('it is not JSON'));
  }
  return validated(schema, value, say);
}

/** Returns, for example, `scenarios[0].verdict must be one of passed, failed, not "great"`. `it` is the whole value. */
function problemOf({ code, path, message, input }: z.core.$ZodIssue): string {
  const names = path.map((part) => (typeof part === 'number' ? `[${part}]` : `.${String(part)}`)).join('');
  const whole =
    code === 'custom' || code === 'unrecognized_keys'
      ? message
      : `must be ${message}, not ${path.length === 0 && typeof input === 'string' ? 'a text' : shown(input)}`;
  return `${names.replace(/^\./, '') || 'it'} ${whole}`;
}

function shown(value: unknown): string {
  if (value === undefined) return 'missing';
  if (Array.isArray(value)) return `a list of length ${value.length}`;
  return typeof value === 'object' && value !== null ? 'an object' : JSON.stringify(value).slice(0, 60);
}

const TYPES: Readonly<Record<string, string>> = {
  string: 'a string',
  boolean: 'true or false',
  array: 'a list',
  object: 'an object',
  record: 'an object',
};

/** Returns the message of a schema's problem: the requirement, or the unknown member. */
export function needed(issue: z.core.$ZodRawIssue): string {
  switch (issue.code) {
    case 'invalid_type':
      return TYPES[issue.expected] ?? `a ${issue.expected}`;
    case 'invalid_value':
      return `${issue.values.length > 1 ? 'one of ' : ''}${issue.values.map(String).join(', ')}`;
    case 'unrecognized_keys': {
      const members = issue.inst instanceof z.ZodObject ? Object.keys(issue.inst.shape) : [];
      const clauses = issue.keys.map((key) => `"${key}": ${suggestion(key, members).replace(/\.$/, '')}`);
      return `must not have ${clauses.join('; nor ')}`;
    }
    case 'too_small':
      return issue.origin === 'array' ? `a list of length ${issue.minimum} or more` : 'a non-empty string';
    default:
      return 'valid';
  }
}

export type Frozen<T> = T extends object ? { readonly [Key in keyof T]: Frozen<T[Key]> } : T;

export function whole(least: number): z.ZodInt {
  const error = `a whole number of at least ${least}`;
  return z.int({ error }).min(least, { error });
}

export const words = z.string('a non-empty string').regex(/\S/, 'a non-empty string');
export const scenarioId = z.string().regex(/^[A-Z][A-Z0-9]*-[0-9]{2,}[a-z]?$/, 'a scenario id such as AB-01');

/** Id of a scenario in a run, with the client if the run has several. */
export const resultId = z
  .string()
  .regex(/^[A-Z][A-Z0-9]*-[0-9]{2,}[a-z]?(\.[a-z][\w.+-]*)?$/, 'a scenario id such as AB-01 or AB-01.python');

/** Returns the scenario's id in its suite, without the client. */
export const declaredId = (id: string): string => id.split('.')[0] ?? id;

export const scalar = z.union([z.string(), z.number(), z.boolean()], 'a string, a number, true or false');
