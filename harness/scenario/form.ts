/**
 * Builders of the schema of scenarios. Their types do not name those of the library behind them, because the types of the
 * package come from the schema, and a suite's editor has this package alone.
 */
import * as z from 'zod';
import { scalar } from '../../foundation/node/validate.ts';
import { GREATEST_ID } from './checks.ts';

/** Accepts values of type `T`. */
export interface Schema<T> {
  readonly accepted: T;
}
export interface Optional<T> extends Schema<T> {
  readonly optional: true;
}
export type Infer<S> = S extends Schema<infer T> ? T : never;

type Shape = Readonly<Record<string, Schema<unknown>>>;
type ObjectOf<S> = { readonly [K in keyof S as S[K] extends Optional<unknown> ? never : K]: Infer<S[K]> } & {
  readonly [K in keyof S as S[K] extends Optional<unknown> ? K : never]?: Infer<S[K]>;
};
type Flat<T> = { readonly [K in keyof T]: T[K] };

/** Returns the schema as the library's type, for `Form` and `misfit`. */
export const zodOf = <T>(schema: Schema<T>): z.ZodType<T> => schema as unknown as z.ZodType<T>;
const schemaOf = <T>(schema: z.ZodType): Schema<T> => schema as unknown as Schema<T>;

export const opt = <T>(schema: Schema<T>): Optional<T> =>
  schemaOf(z.exactOptional(zodOf(schema))) as unknown as Optional<T>;
export const object = <S extends Shape>(shape: S, need?: string): Schema<Flat<ObjectOf<S>>> =>
  schemaOf(z.strictObject(shape as unknown as z.core.$ZodShape, need));
/** Returns an object that may have further members. */
export const openObject = <S extends Shape>(
  shape: S,
  need?: string,
): Schema<Flat<ObjectOf<S>> & { readonly [member: string]: unknown }> =>
  schemaOf(z.looseObject(shape as unknown as z.core.$ZodShape, need));
export const record = <T>(values: Schema<T>, need?: string): Schema<Readonly<Record<string, T>>> =>
  schemaOf(z.record(z.string(), zodOf(values), need));
export const list = <T>(items: Schema<T>, need = 'a list'): Schema<readonly T[]> =>
  schemaOf(z.array(zodOf(items), need));
export const union = <const S extends readonly Schema<unknown>[]>(of: S, need?: string): Schema<Infer<S[number]>> =>
  schemaOf(z.union(of as unknown as z.ZodType[], need));
export const byKind = <const S extends readonly Schema<unknown>[]>(of: S, need: string): Schema<Infer<S[number]>> =>
  schemaOf(z.discriminatedUnion('kind', of as unknown as [z.ZodObject], need));
export const choice = <const W extends readonly string[]>(...words: W): Schema<W[number]> => schemaOf(z.enum(words));
export const literal = <const T extends string | boolean>(value: T): Schema<T> => schemaOf(z.literal(value));
export const orNull = <T>(schema: Schema<T>): Schema<T | null> => schemaOf(zodOf(schema).nullable());
export const orUndefined = <T>(schema: Schema<T>): Schema<T | undefined> =>
  schemaOf(z.union([zodOf(schema), z.undefined()]));
export const anything: Schema<unknown> = schemaOf(z.unknown());
/** A value that another check judges, absent or not. */
export const checkedLater: Schema<never> = schemaOf(z.any().optional());
export const anyNumber: Schema<number> = schemaOf(z.number('a number'));
/** Returns a schema that refers to itself. */
export const lazy = <T>(schema: () => Schema<T>): Schema<T> => schemaOf(z.lazy(() => zodOf(schema())));
export const prefixed = (...parts: readonly (string | Schema<string>)[]): Schema<string> =>
  schemaOf(z.templateLiteral(parts as string[]));
export const flag: Schema<boolean> = schemaOf(z.boolean());

function between(kind: typeof z.int | typeof z.number, least: number, most: number): Schema<number> {
  const error = `a ${kind === z.int ? 'whole ' : ''}number from ${least} to ${most}`;
  return schemaOf(kind({ error }).min(least, { error }).max(most, { error }));
}
export const number = (least: number, most: number): Schema<number> => between(z.number, least, most);
export const whole = (least: number, most: number): Schema<number> => between(z.int, least, most);

export const text: Schema<string> = schemaOf(z.string());
export const matching = (pattern: RegExp, need: string): Schema<string> =>
  schemaOf(z.string(need).regex(pattern, need));
export const texts = list(text, 'a list of texts');
export const oneOrMore = union([text, texts], 'a text or a list of texts');
export const textMap = record(text, 'an object of texts');
export const cluster = choice('c1', 'c2');
export const account = choice('main', 'other');
/** User or group id. */
export const osId = whole(0, GREATEST_ID);

export const factMatcher = union(
  [
    schemaOf<string | number | boolean>(scalar),
    object({ absent: literal(true) }),
    object({ between: schemaOf<readonly [number, number]>(z.tuple([z.number(), z.number()])) }),
    object({ matches: text }),
  ],
  'a value, isAbsent, between(low, high) or matching(/…/)',
);
