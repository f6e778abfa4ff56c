import { validationText } from '../constraints/violations.ts';
import { AwsError } from '../core/errors.ts';
import type { ServiceRequest } from '../core/service.ts';

/**
 * The parameters of a call in AWS's query protocol, or of a structure in them. Names are as on the wire (`RoleName`,
 * `Tags.member.1.Key`). What the API model demands of them has been checked (`protocol.ts`).
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
  text(name: string): string | undefined {
    return this.#values.get(this.#prefix + name);
  }

  /** Throws `ValidationError` (400) when there is none. */
  required(name: string): string {
    const value = this.text(name);
    if (value !== undefined) return value;
    const missing = { path: this.#path(name), value: 'null', constraint: 'Member must not be null' };
    throw new AwsError('ValidationError', 400, validationText([missing]));
  }

  integer(name: string): number | undefined {
    const value = this.text(name);
    if (value === undefined || value === '') return undefined;
    if (!/^-?\d{1,10}$/.test(value)) throw new AwsError('MalformedInput', 400, `${name} must be an integer.`);
    return Number(value);
  }

  boolean(name: string): boolean | undefined {
    const value = this.text(name)?.toLowerCase();
    if (value === undefined || value === '') return undefined;
    if (value !== 'true' && value !== 'false') {
      throw new AwsError('MalformedInput', 400, `${name} must be true or false.`);
    }
    return value === 'true';
  }

  /** The members of a list of texts, in the order of their numbers. Undefined when none was sent. */
  texts(name: string): readonly string[] | undefined {
    const members = this.#memberNumbers(name).map((number) => this.required(`${name}.member.${number}`));
    return members.length > 0 ? members : undefined;
  }

  /** A structure; undefined when none of its members was sent. */
  structure(name: string): QueryParameters | undefined {
    const prefix = `${this.#prefix}${name}.`;
    const there = [...this.#values.keys()].some((key) => key.startsWith(prefix));
    return there ? new QueryParameters(this.#values, prefix) : undefined;
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

  /** `Tags.member.1.Key` is called `tags.1.member.key` in AWS's texts. */
  #path(name: string): string {
    return (this.#prefix + name)
      .replace(/\.member\.(\d+)/g, '.$1.member')
      .split('.')
      .map((part) => part.charAt(0).toLowerCase() + part.slice(1))
      .join('.');
  }
}
