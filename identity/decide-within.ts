import { keysInPlaceOf } from './policy/condition-keys.ts';
import { contextKey } from './policy/context-key.ts';
import { isUnseen } from './policy/global-keys.ts';
import {
  authorize,
  compilePolicy,
  statementLabel,
  type AuthorizationInput,
  type CompiledPolicy,
  type Decision,
  type PolicyKind,
} from './policy/index.ts';
import { levelsOf, type PolicySource } from './policy-source.ts';
import { principalContext } from './policy/request.ts';
import type { Question } from './question.ts';

/** A part of the policies whose effect is not known. */
export interface Uncertainty {
  /** A noun phrase, as in `statement 2 of policy read, which depends on aws:SourceVpce`. */
  readonly text: string;
  /** Condition keys without a known value; empty for an unread policy. */
  readonly keys: readonly string[];
}

export interface BoundedDecision {
  readonly value: 'allowed' | 'denied' | 'unknown';
  /** The certain decision. If `value` is unknown, the decision without the unknown parts. */
  readonly decision: Decision;
  /** What makes it unknown. */
  readonly uncertain: readonly Uncertainty[];
}

type Statement = Readonly<Record<string, unknown>>;
/** Whether a part of the policies is decided in favour of the caller; undefined: it is left out. */
type Favours = (id: string) => boolean | undefined;
interface Part extends Uncertainty {
  readonly id: string;
}
interface ParsedSource extends PolicySource {
  readonly statements: readonly Statement[];
  readonly document: object;
}

/** A request whose policies are given apart, with fallbacks for keys missing in its context. */
export type AskedQuestion = Pick<
  Question,
  'principal' | 'action' | 'resource' | 'resourceAccount' | 'context' | 'unknown' | 'absent'
> &
  Pick<AuthorizationInput, 'defaults'>;

/**
 * Decides with all unknown parts in favour of the caller, and with all against it. Where both agree, the unknown parts do not
 * matter: a Deny of a policy that was read stays a Deny.
 */
export function decideWithin(question: AskedQuestion, sources: readonly PolicySource[]): BoundedDecision {
  const isUnknown = unknownKey(question);
  const parsed = sources.map(parse);
  const parts = parsed.flatMap((source) => uncertainParts(source, isUnknown));
  const decide = (favours: Favours): Decision =>
    authorize({ ...question, ...compiled(parsed, documentIn(question.principal, isUnknown, favours)) });
  const best = decide(() => true);
  if (best.value !== 'allowed') return { value: 'denied', decision: best, uncertain: [] };
  const worst = parts.length === 0 ? best : decide(() => false);
  if (worst.value === 'allowed') return { value: 'allowed', decision: worst, uncertain: [] };
  const decisive = parts.filter(
    ({ id }) => decide((one) => one !== id).value !== 'allowed' || decide((one) => one === id).value === 'allowed',
  );
  return {
    value: 'unknown',
    decision: decide(() => undefined),
    uncertain: decisive.length > 0 ? decisive : parts,
  };
}

/** Whether the request may have a condition key whose value is not known, and does not follow from its known beginning. */
type IsUnknown = (key: string, condition?: { readonly operator: string; readonly values: unknown }) => boolean;

function unknownKey({ principal, action, context, defaults = [], unknown, absent = [] }: AskedQuestion): IsUnknown {
  const given = new Set(
    [context, ...defaults, principalContext(principal), { 'aws:ResourceAccount': '' }].flatMap((one) =>
      Object.keys(one).map((key) => key.toLowerCase()),
    ),
  );
  const without = new Set(absent.map((key) => key.toLowerCase()));
  const entries = Object.entries(unknown).map(([key, start]) => [key.toLowerCase(), start] as const);
  return (name, condition) => {
    const key = name.toLowerCase();
    if (given.has(key) && !entries.some(([one]) => one === key)) return false;
    if (without.has(key) || without.has(key.replace(/\/.*/, '/'))) return false;
    const start = entries.find(([one]) => one === key)?.[1];
    if (start !== undefined) return !(start !== '' && condition && isDecidedByStart(start, condition));
    if (keysInPlaceOf(contextKey(name), action) !== undefined) return false;
    return isUnseen(key) || entries.some(([one]) => /^$|[/:]$/.test(one) && key.startsWith(one));
  };
}

/** Whether all values that begin with `start` match, or none does. */
function isDecidedByStart(start: string, { operator, values }: { operator: string; values: unknown }): boolean {
  const [, like] = /^(?:For\w+:)?String(?:Not)?(Like|Equals)(?:IfExists)?$/i.exec(operator) ?? [];
  if (like === undefined) return false;
  const matches = [values].flat().map((value) => {
    const pattern = String(value);
    const end = /^like$/i.test(like) ? pattern.search(/[*?]/) : -1;
    const literal = end < 0 ? pattern : pattern.slice(0, end);
    if (pattern.includes('${')) return undefined;
    if (end >= 0 && pattern.slice(end) === '*' && start.startsWith(literal)) return true;
    const canBegin = literal.startsWith(start) || (end >= 0 && start.startsWith(literal));
    return canBegin ? undefined : false;
  });
  return matches.includes(true) || matches.every((one) => one === false);
}

function parse(source: PolicySource): ParsedSource {
  const { kind, name, text } = source;
  if (text === undefined) return { ...source, statements: [], document: {} };
  try {
    const document = JSON.parse(text) as { readonly Statement: unknown };
    compilePolicy(document, { kind, name });
    return { ...source, document, statements: [document.Statement].flat() as Statement[] };
  } catch (error) {
    const { text: _text, ...rest } = source;
    return { ...rest, reason: `it cannot be evaluated: ${(error as Error).message}`, statements: [], document: {} };
  }
}

function uncertainParts(source: ParsedSource, isUnknown: IsUnknown): readonly Part[] {
  const { name, reason } = source;
  if (reason !== undefined) return [{ id: name, keys: [], text: `${name}, which was not read (${reason})` }];
  return source.statements.flatMap((statement, index) => {
    const keys = unknownKeysOf(statement, isUnknown);
    if (keys.length === 0) return [];
    const sid = typeof statement['Sid'] === 'string' ? statement['Sid'] : undefined;
    const label = statementLabel({ sid, index });
    return [{ id: `${name}#${index}`, keys, text: `${label} of ${name}, which depends on ${keys.join(' and ')}` }];
  });
}

const VARIABLE = /\$\{\s*([^},\s]+)[^}]*\}/g;

const variablesOf = (value: unknown): string[] =>
  [...JSON.stringify(value ?? '').matchAll(VARIABLE)].flatMap(([, name = '']) => name);

const conditionsOf = ({ Condition: condition }: Statement): [operator: string, key: string, values: unknown][] =>
  Object.entries((condition ?? {}) as Record<string, Record<string, unknown>>).flatMap(([operator, keys]) =>
    Object.entries(keys).map(([key, values]): [string, string, unknown] => [operator, key, values]),
  );

function unknownKeysOf(statement: Statement, isUnknown: IsUnknown): string[] {
  const keys = [
    ...conditionsOf(statement).flatMap(([operator, key, values]) => [
      ...(isUnknown(key, { operator, values }) ? [key] : []),
      ...variablesOf(values).filter((name) => isUnknown(name)),
    ]),
    ...variablesOf([statement['Resource'], statement['NotResource']]).filter((name) => isUnknown(name)),
  ];
  return [...new Set(keys)];
}

const documentIn =
  (principal: AskedQuestion['principal'], isUnknown: IsUnknown, favours: Favours) =>
  (source: ParsedSource): object | undefined => {
    if (source.reason === undefined) return assumed(source, isUnknown, favours);
    const isAllowed = favours(source.name);
    return isAllowed === undefined ? undefined : standIn(source, principal, isAllowed);
  };

/** Returns a policy that allows or denies everything, in place of one that was not read. */
function standIn({ kind }: PolicySource, principal: AskedQuestion['principal'], isAllowed: boolean): object {
  const Effect = isAllowed ? 'Allow' : 'Deny';
  const all = { AWS: '*' };
  const every = { Action: '*', Resource: '*' };
  const caller =
    principal.kind === 'service'
      ? { Service: principal.service }
      : principal.kind === 'federated'
        ? { Federated: principal.providerArn }
        : all;
  const applies = {
    ...{ identity: every, boundary: every, session: every, scp: every },
    resource: { Principal: all, ...every },
    rcp: { Principal: '*', ...every },
    trust: { Principal: caller, Action: 'sts:*' },
  };
  return { Version: '2012-10-17', Statement: { Effect, ...applies[kind] } };
}

/** Matches no request, since the value of an unknown key is not in the context. */
const never = (key = ''): object => ({ StringEquals: { [key]: 'a known value' } });

/** Returns a policy whose unknown statements apply, or do not, as `favours` says. */
function assumed(source: ParsedSource, isUnknown: IsUnknown, favours: Favours): object {
  const { name, document, statements } = source;
  const Statement = statements.map((statement, index) => {
    if (unknownKeysOf(statement, isUnknown).length === 0) return statement;
    const isFavourable = favours(`${name}#${index}`);
    const isApplied = isFavourable !== undefined && isFavourable === (statement['Effect'] === 'Allow');
    return isApplied ? widened(statement, isUnknown) : narrowed(statement, isUnknown);
  });
  return { ...document, Statement };
}

/** Keeps the resources that apply with any value of the unknown keys. */
function narrowed(statement: Statement, isUnknown: IsUnknown): Statement {
  const { Resource: resources, ...rest } = statement;
  const certain = [resources ?? []].flat().filter((text) => !variablesOf(text).some((name) => isUnknown(name)));
  return certain.length > 0 && unknownKeysOf(rest, isUnknown).length === 0
    ? { ...rest, Resource: certain }
    : { ...statement, Condition: never(unknownKeysOf(statement, isUnknown)[0]) };
}

/** Drops conditions with unknown keys, and makes unknown variables match every text. */
function widened(statement: Statement, isUnknown: IsUnknown): Statement {
  const { Resource: resources, NotResource: exempt, Condition: _condition, ...rest } = statement;
  const conditions: Record<string, Record<string, unknown>> = {};
  for (const [operator, key, values] of conditionsOf(statement))
    if (!isUnknown(key, { operator, values }) && !variablesOf(values).some((name) => isUnknown(name)))
      (conditions[operator] ??= {})[key] = values;
  const wide = (text: unknown): string =>
    String(text).replaceAll(VARIABLE, (whole, name: string) => (isUnknown(name) ? '*' : whole));
  const isKnown = (text: unknown): boolean => !variablesOf(text).some((name) => isUnknown(name));
  const exemptKnown = [exempt ?? []].flat().filter(isKnown);
  return {
    ...rest,
    ...(resources !== undefined && { Resource: [resources].flat().map(wide) }),
    ...(exempt !== undefined && (exemptKnown.length > 0 ? { NotResource: exemptKnown } : { Resource: '*' })),
    ...(Object.keys(conditions).length > 0 && { Condition: conditions }),
  };
}

function compiled(
  sources: readonly ParsedSource[],
  documentOf: (source: ParsedSource) => object | undefined,
): Omit<AuthorizationInput, keyof AskedQuestion> {
  const ofKind = (kind: PolicyKind): CompiledPolicy[] =>
    sources.flatMap((source) => {
      const document = source.kind === kind ? documentOf(source) : undefined;
      return document === undefined ? [] : compilePolicy(document, { kind, name: source.name });
    });
  const sessionPolicies = ofKind('session');
  return {
    identityPolicies: ofKind('identity'),
    resourcePolicy: ofKind('resource')[0],
    trustPolicy: ofKind('trust')[0],
    permissionsBoundary: ofKind('boundary')[0],
    scps: levelsOf(sources, 'scp', documentOf),
    rcps: levelsOf(sources, 'rcp', documentOf),
    ...(sessionPolicies.length > 0 && { sessionPolicies }),
  };
}
