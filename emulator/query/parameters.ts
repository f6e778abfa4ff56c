import { AwsError } from '../core/errors.ts';
import type { ServiceRequest } from '../core/service.ts';

/** What a text parameter must satisfy; AWS's `min`, `max` (characters) and `pattern` of a shape. */
export interface TextRule {
  readonly min?: number;
  readonly max?: number;
  readonly pattern?: RegExp;
  readonly oneOf?: readonly string[];
  /** The value is a credential and must not be quoted in an error. */
  readonly secret?: boolean;
}

/**
 * The parameters of a call in AWS's query protocol, or of a structure in them. Names are as on the wire (`RoleName`,
 * `Tags.member.1.Key`). Every reader throws `ValidationError` (400) with AWS's text when a value breaks its rule.
 */
export class QueryParameters {
  readonly #values: ReadonlyMap<string, string>;
  readonly #prefix: string;

  constructor(values: ReadonlyMap<string, string>, prefix = '') {
    this.#values = values;
    this.#prefix = prefix;
  }

  /** The parameters of the body and of the query string; the body wins, as does the first of a repeated name. */
  static of(request: Pick<ServiceRequest, 'query' | 'body'>): QueryParameters {
    const values = new Map<string, string>();
    for (const source of [request.body.toString('utf8'), request.query]) {
      for (const [name, value] of new URLSearchParams(source)) {
        if (!values.has(name)) values.set(name, value);
      }
    }
    return new QueryParameters(values);
  }

  /** The value, or undefined when the parameter was not sent. */
  text(name: string, rule: TextRule = {}): string | undefined {
    const value = this.#values.get(this.#prefix + name);
    if (value !== undefined) this.#check(name, value, rule);
    return value;
  }

  required(name: string, rule: TextRule = {}): string {
    const value = this.text(name, rule);
    if (value === undefined) throw constraintError('null', this.#path(name), 'Member must not be null');
    return value;
  }

  integer(name: string, rule: { readonly min: number; readonly max: number }): number | undefined {
    const value = this.#values.get(this.#prefix + name);
    if (value === undefined || value === '') return undefined;
    if (!/^-?\d{1,10}$/.test(value)) throw new AwsError('MalformedInput', 400, `${name} must be an integer.`);
    const number = Number(value);
    const path = this.#path(name);
    if (number < rule.min) {
      throw constraintError(`'${value}'`, path, `Member must have value greater than or equal to ${rule.min}`);
    }
    if (number > rule.max) {
      throw constraintError(`'${value}'`, path, `Member must have value less than or equal to ${rule.max}`);
    }
    return number;
  }

  boolean(name: string): boolean | undefined {
    const value = this.#values.get(this.#prefix + name)?.toLowerCase();
    if (value === undefined || value === '') return undefined;
    if (value !== 'true' && value !== 'false') {
      throw new AwsError('MalformedInput', 400, `${name} must be true or false.`);
    }
    return value === 'true';
  }

  /** The members of a list of texts, in the order of their numbers. Undefined when none was sent. */
  texts(name: string, rule: TextRule = {}): readonly string[] | undefined {
    const members = this.#memberNumbers(name).map((number) => this.required(`${name}.member.${number}`, rule));
    return members.length > 0 ? members : undefined;
  }

  /** The members of a list of structures, in the order of their numbers. Undefined when none was sent. */
  structures(name: string): readonly QueryParameters[] | undefined {
    const members = this.#memberNumbers(name).map(
      (number) => new QueryParameters(this.#values, `${this.#prefix}${name}.member.${number}.`),
    );
    return members.length > 0 ? members : undefined;
  }

  #memberNumbers(name: string): number[] {
    const start = `${this.#prefix}${name}.member.`;
    const numbers = new Set<number>();
    for (const key of this.#values.keys()) {
      if (!key.startsWith(start)) continue;
      const digits = /^\d{1,6}(?=\.|$)/.exec(key.slice(start.length))?.[0];
      // A number with leading zeros is another name on the wire than the one it would be read back by.
      if (digits !== undefined && String(Number(digits)) === digits) numbers.add(Number(digits));
    }
    return [...numbers].sort((a, b) => a - b);
  }

  #check(name: string, value: string, rule: TextRule): void {
    const quoted = rule.secret === true ? '(not shown)' : `'${value}'`;
    const fail = (constraint: string) => constraintError(quoted, this.#path(name), constraint);
    if (rule.min !== undefined && value.length < rule.min) {
      throw fail(`Member must have length greater than or equal to ${rule.min}`);
    }
    if (rule.max !== undefined && value.length > rule.max) {
      throw fail(`Member must have length less than or equal to ${rule.max}`);
    }
    if (rule.pattern !== undefined && !rule.pattern.test(value)) {
      throw fail(`Member must satisfy regular expression pattern: ${shown(rule.pattern)}`);
    }
    if (rule.oneOf !== undefined && !rule.oneOf.includes(value)) {
      throw fail(`Member must satisfy enum value set: [${rule.oneOf.join(', ')}]`);
    }
  }

  /** `Tags.member.1.Key` is called `tags.1.member.key` in AWS's texts. */
  #path(name: string): string {
    return (this.#prefix + name)
      .replace(/\.member\.(\d+)/g, '.$1.member')
      .split('.')
      .map((part) => part.charAt(0).toLowerCase() + part.slice(1))
      .join('.');
  }
}

function constraintError(quoted: string, path: string, constraint: string): AwsError {
  const message = `1 validation error detected: Value ${quoted} at '${path}' failed to satisfy constraint: ${constraint}`;
  return new AwsError('ValidationError', 400, message);
}

function shown(pattern: RegExp): string {
  return pattern.source.replace(/^\^/, '').replace(/\$$/, '');
}
