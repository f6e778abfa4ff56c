import * as z from 'zod';
import { HarnessError } from './errors.ts';
import { suggestion } from './nearest.ts';

/**
 * Throws `HarnessError` BAD_FILE with `say` of the first problem. A schema's message names the requirement; a check's
 * (`refine`) replaces the whole.
 */
export function validated<T>(schema: z.ZodType<T>, value: unknown, say: (problem: string) => string): T {
  const { data, error } = schema.safeParse(value, { error: needed, reportInput: true });
  if (error === undefined) return data;
  // A misspelt member may explain a missing one.
  const issue = error.issues.find(({ code }) => code === 'unrecognized_keys') ?? error.issues[0];
  throw new HarnessError('BAD_FILE', say(issue === undefined ? 'it has another form' : problemOf(issue)));
}

/** `scenarios[0].verdict must be one of passed, failed, not "great"`; the whole is `it`. */
function problemOf({ code, path, message, input }: z.core.$ZodIssue): string {
  const names = path.map((part) => (typeof part === 'number' ? `[${part}]` : `.${String(part)}`)).join('');
  const whole = code === 'custom' || code === 'unrecognized_keys' ? message : `must be ${message}, not ${shown(input)}`;
  return `${names.replace(/^\./, '') || 'it'} ${whole}`;
}

function shown(value: unknown): string {
  if (value === undefined) return 'missing';
  if (Array.isArray(value)) return `a list of ${value.length}`;
  return typeof value === 'object' && value !== null ? 'an object' : JSON.stringify(value).slice(0, 60);
}

const TYPES: Readonly<Record<string, string>> = {
  string: 'a text',
  boolean: 'true or false',
  array: 'a list',
  object: 'an object',
  record: 'an object',
};

function needed(issue: z.core.$ZodRawIssue): string {
  switch (issue.code) {
    case 'invalid_type':
      return TYPES[issue.expected] ?? `a ${issue.expected}`;
    case 'invalid_value':
      return `${issue.values.length > 1 ? 'one of ' : ''}${issue.values.map(String).join(', ')}`;
    case 'unrecognized_keys': {
      const [key = ''] = issue.keys;
      const members = issue.inst instanceof z.ZodObject ? Object.keys(issue.inst.shape) : [];
      return `must not have "${key}": ${suggestion(key, members).replace(/\.$/, '')}`;
    }
    case 'too_small':
      return issue.origin === 'array' ? `a list of at least ${issue.minimum}` : 'a text that is not empty';
    default:
      return 'of another form';
  }
}

export type Frozen<T> = T extends object ? { readonly [Key in keyof T]: Frozen<T[Key]> } : T;

export function whole(least: number): z.ZodInt {
  const error = `a whole number of at least ${least}`;
  return z.int({ error }).min(least, { error });
}

export const words = z.string('a text that is not empty').regex(/\S/, 'a text that is not empty');
export const scenarioId = z.string().regex(/^[A-Z][A-Z0-9]*-[0-9]{2,}[a-z]?$/, 'the id of a scenario, such as AB-01');

/** Id of a scenario in a run, with the client if the run has several. */
export const resultId = z
  .string()
  .regex(/^[A-Z][A-Z0-9]*-[0-9]{2,}[a-z]?(\.[a-z][\w.+-]*)?$/, 'the id of a scenario, such as AB-01 or AB-01.python');

/** The id in its suite, of one in a run. */
export const declaredId = (id: string): string => id.split('.')[0] ?? id;

export const scalar = z.union([z.string(), z.number(), z.boolean()], 'a text, a number, true or false');
