import { validationText } from '../constraints/violations.ts';
import { AwsError } from '../../foundation/aws/aws-error.ts';
import type { ServiceRequest } from '../core/service.ts';

/** Validated parameters of a call, or of a structure in it, by wire name (`RoleName`, `Tags.member.1.Key`). */
export class QueryParameters {
  readonly #values: ReadonlyMap<string, string>;
  readonly #prefix: string;

  constructor(values: ReadonlyMap<string, string>, prefix = '') {
    this.#values = values;
    this.#prefix = prefix;
  }

  /** Reads parameters. The body takes precedence over the query string, and the first of repeated parameters over later ones. */
  static of(request: Pick<ServiceRequest, 'query' | 'body'>): QueryParameters {
    const values = new Map<string, string>();
    for (const source of [request.body.toString('utf8'), request.query]) {
      for (const [name, value] of new URLSearchParams(source)) {
        if (!values.has(name)) values.set(name, value);
      }
    }
    return new QueryParameters(values);
  }

  text(name: string): string | undefined {
    return this.#values.get(this.#prefix + name);
  }

  /** Throws `ValidationError` (400) if absent. */
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

  /** Returns a list of texts in the order of their numbers; undefined if absent. */
  texts(name: string): readonly string[] | undefined {
    const members = this.#memberNumbers(name).map((number) => this.required(`${name}.member.${number}`));
    return members.length > 0 ? members : undefined;
  }

  /** Returns a structure; undefined if no member was sent. */
  structure(name: string): QueryParameters | undefined {
    const prefix = `${this.#prefix}${name}.`;
    const isPresent = [...this.#values.keys()].some((key) => key.startsWith(prefix));
    return isPresent ? new QueryParameters(this.#values, prefix) : undefined;
  }

  /** Returns a list of structures in the order of their numbers; undefined if absent. */
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
      // A number with leading zeros would change when written back.
      if (digits !== undefined && String(Number(digits)) === digits) numbers.add(Number(digits));
    }
    return [...numbers].sort((a, b) => a - b);
  }

  /** AWS's messages call `Tags.member.1.Key` `tags.1.member.key`. */
  #path(name: string): string {
    return (this.#prefix + name)
      .replace(/\.member\.(\d+)/g, '.$1.member')
      .split('.')
      .map((part) => part.charAt(0).toLowerCase() + part.slice(1))
      .join('.');
  }
}
