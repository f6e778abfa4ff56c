import * as operations from '../../operations/index.ts';
import { allow, podIdentityRole } from '../../scenario/policy.ts';

const BUILDERS = { ...operations, allow, podIdentityRole };
type Builder = Exclude<keyof typeof BUILDERS, 'isAbsent'>;

/** A call of a builder, such as `getObject('data/key')`, as a value and as code. */
export class Built {
  readonly name: Builder;
  readonly given: readonly unknown[];

  constructor(name: Builder, ...given: readonly unknown[]) {
    this.name = name;
    this.given = given;
  }
}

/** A value that the suite file has under a name of its own. */
export class Code {
  readonly text: string;
  readonly value: unknown;

  constructor(text: string, value: unknown) {
    this.text = text;
    this.value = value;
  }
}

/** Makes what the builders in a value make. */
export function valueOf(value: unknown): unknown {
  if (value instanceof Code) return value.value;
  if (value instanceof Built)
    return (BUILDERS[value.name] as (...given: readonly unknown[]) => unknown)(...value.given.map(valueOf));
  if (Array.isArray(value)) return value.map(valueOf);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, valueOf(item)]));
}

/** Writes a value as TypeScript in the project's style. */
export function codeOf(value: unknown): string {
  if (value instanceof Code) return value.text;
  if (value instanceof Built) return `${value.name}(${value.given.map(codeOf).join(', ')})`;
  if (typeof value === 'string') return `'${value.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
  if (Array.isArray(value)) return `[${value.map(codeOf).join(', ')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  return `{ ${entriesOf(value).join(', ')} }`;
}

/** Returns the entries of an object as code: `'ledger-2': { role: 'ledger' }`. */
export const entriesOf = (value: object): readonly string[] =>
  Object.entries(value).map(([key, item]) => `${/^[A-Za-z_$][\w$]*$/.test(key) ? key : codeOf(key)}: ${codeOf(item)}`);

/** Returns the names of the builders in a value. */
export function namesIn(value: unknown): readonly string[] {
  if (value instanceof Code) return [];
  if (value instanceof Built) return [value.name, ...value.given.flatMap(namesIn)];
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(namesIn) : [];
}
