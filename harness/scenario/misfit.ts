import type * as z from 'zod';
import { badScenario } from '../../foundation/node/errors.ts';
import { needed } from '../../foundation/node/validate.ts';
import { shown } from './checks.ts';
import { zodOf, type Schema } from './form.ts';

/** Clauses about values that a schema rejects. */

export type Path = readonly PropertyKey[];

/** Rejected values: clauses about them, and the words by which the suite file has the first. */
export interface Misfit {
  readonly clause: string;
  readonly words: readonly string[];
}

type Issue = z.core.$ZodIssue;

/** Returns the values that a schema rejects. `where` names the object at a path, such as `role "app"`. */
export function misfit(schema: z.ZodType, value: unknown, where: (path: Path) => string): Misfit | undefined {
  const { error } = schema.safeParse(value, { error: needed, reportInput: true });
  if (error === undefined) return undefined;
  const isMisspelt = ({ code }: Issue): boolean => code === 'unrecognized_keys';
  // A misspelt member may be why another is missing.
  const issues = error.issues.some(isMisspelt)
    ? error.issues
        .filter((issue) => issue.input !== undefined)
        .toSorted((a, b) => Number(isMisspelt(b)) - Number(isMisspelt(a)))
    : error.issues;
  const misfits = issues.map((issue) => misfitOf(closest([issue], []), value, where));
  return { clause: misfits.map(({ clause }) => clause).join('; '), words: misfits[0]?.words ?? [] };
}

function misfitOf(
  { path, issue }: { readonly path: Path; readonly issue: Issue },
  value: unknown,
  where: (path: Path) => string,
): Misfit {
  const [last] = path.slice(-1);
  const words = path.filter((part) => typeof part === 'string' && part !== 'expectation' && part !== 'operation');
  const clause = (text: string, ...more: readonly string[]): Misfit => ({
    clause: text,
    words: [...more, ...(words.toReversed() as string[])],
  });
  if (issue.code === 'unrecognized_keys')
    return clause(`${where(path)} ${issue.message.replace(/: choose from [^;]*/g, '')}`, ...issue.keys);
  if (issue.code === 'custom') return clause(`${where(path)} ${issue.message}`);
  if (issue.input === undefined && typeof last === 'string')
    return clause(
      `${where(path.slice(0, -1))} ${hasMember(value, path) ? `has an undefined "${last}"` : `has no "${last}"`}, which must be ${needOf(issue)}`,
    );
  return clause(
    `${where(path)} is ${shownShort(issue.input)}, but must be ${needOf(issue)}`,
    ...(['string', 'number'].includes(typeof issue.input) ? [String(issue.input)] : []),
  );
}

const needOf = (issue: Issue): string =>
  issue.code === 'invalid_value' ? issue.values.map((value) => shown(value)).join(' or ') : issue.message;

function hasMember(value: unknown, path: Path): boolean {
  let inner = value as Readonly<Record<PropertyKey, unknown>> | undefined;
  for (const part of path.slice(0, -1)) inner = inner?.[part] as typeof inner;
  return inner !== undefined && Object.hasOwn(inner, path.at(-1) ?? '');
}

const LONGEST_SHOWN = 60;

function shownShort(value: unknown): string {
  if (value === null || value === undefined) return `${value as null}`;
  if (Array.isArray(value)) return `a list of length ${value.length}`;
  if (typeof value === 'function') return 'a function that is not called';
  return typeof value === 'object' ? 'an object' : shown(value).slice(0, LONGEST_SHOWN);
}

/** Returns the most specific issue. In a union, the branch closest to the value counts. */
function closest(issues: readonly Issue[], before: Path): { readonly path: Path; readonly issue: Issue } {
  // A misspelt member may be why another is missing.
  const issue = issues.find(({ code }) => code === 'unrecognized_keys') ?? issues[0];
  if (issue === undefined) throw new Error('a schema rejected a value without an issue');
  const path = [...before, ...issue.path];
  if (issue.code !== 'invalid_union') return { path, issue };
  const [best] = issue.errors.filter(isWithin).toSorted((a, b) => distance(a) - distance(b));
  if (best !== undefined) return closest(best, path);
  const words = issue.errors.find(([first]) => first?.code === 'invalid_value');
  return issue.message === 'valid' && words !== undefined ? closest(words, path) : { path, issue };
}

/** Whether a branch accepts the type of the value, and rejects something inside it. */
const isWithin = (issues: readonly Issue[]): boolean =>
  issues.some(({ path, code }) => path.length > 0 || code === 'unrecognized_keys');

const distance = (issues: readonly Issue[]): number =>
  issues.reduce((sum, issue) => sum + (issue.code === 'unrecognized_keys' ? issue.keys.length : 1), 0);

/** Returns the options of a builder. Throws `HarnessError` BAD_SCENARIO if the schema rejects them. */
export function checked<T>(builder: string, schema: Schema<T>, options: T): T {
  const problem = misfit(zodOf(schema), options, memberOf(builder));
  if (problem !== undefined) throw badScenario(problem.clause);
  return options;
}

/** Returns a naming of objects and members inside `owner`: `"by" of owner`. */
export const memberOf =
  (owner: string) =>
  (path: Path): string => {
    const names: string[] = [];
    for (const part of path)
      if (typeof part === 'number') names.push(`${names.pop() ?? ''}[${part}]`);
      else names.push(String(part));
    const [last = '', ...outer] = names.toReversed();
    if (names.length === 0) return owner;
    return [`"${last.replace(/(?<=.)\[\d+\]$/, '')}"`, ...outer.map((name) => `"${name}"`), owner]
      .filter((name) => name !== '')
      .join(' of ');
  };
