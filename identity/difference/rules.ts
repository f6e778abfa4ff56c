import { remembered } from '../../foundation/node/remembered.ts';
import type { ArnPattern } from '../policy/arn.ts';
import { conditionHolds, type Condition } from '../policy/conditions/condition.ts';
import { isVariable, type Pattern, type Token } from '../policy/pattern.ts';
import { GRANT, type Grant } from '../policy/principal-element.ts';
import { EvaluationRequest } from '../policy/request.ts';
import { actionMatches, principalMatches, resourceMatches, statementsOf, type Statement } from '../policy/statement.ts';
import type { AuthorizationInput, CompiledPolicy, PolicyKind } from '../policy/index.ts';
import type { ChangedStatement } from './types.ts';

/** The compiled policies of one side of a comparison. */
export type Side = Pick<
  AuthorizationInput,
  'identityPolicies' | 'resourcePolicy' | 'trustPolicy' | 'sessionPolicies' | 'permissionsBoundary' | 'scps' | 'rcps'
>;

/** A test of a statement on one part of a request: its action, its resource, or a condition key in lower case. */
export interface Atom {
  /** Equal for atoms with the same meaning. */
  readonly id: string;
  readonly subject: string;
  /** Keys in lower case whose values the test needs besides. */
  readonly variables: readonly string[];
  readonly condition?: Condition;
  readonly resources?: readonly ArnPattern[];
  readonly actions?: readonly Pattern[];
  holds(request: EvaluationRequest): boolean;
}

/** A statement of one side or of both: it applies to a principal if all atoms hold. */
export interface Rule {
  readonly kind: PolicyKind;
  /** The level of an organization policy. */
  readonly level?: string | undefined;
  readonly effect: 'Allow' | 'Deny';
  readonly grant: Grant;
  readonly atoms: readonly Atom[];
  readonly isBefore: boolean;
  readonly isAfter: boolean;
  readonly statement: ChangedStatement;
}

export const ACTION = 'action';
export const RESOURCE = 'resource';

const tokenText = (token: Token): string => (typeof token === 'symbol' ? token.toString() : JSON.stringify(token));
const patternText = ({ tokens }: Pattern): string => tokens.map(tokenText).join('');
const setOf = (texts: readonly string[]): string => [...new Set(texts)].sort().join();
const variablesIn = (patterns: readonly (Pattern | undefined)[]): readonly string[] => [
  ...new Set(patterns.flatMap((pattern) => pattern?.tokens.filter(isVariable).map(({ key }) => key.lowerCase) ?? [])),
];

const atomsByStatement = new WeakMap<Statement, readonly Atom[]>();

const atomsOf = (statement: Statement): readonly Atom[] =>
  remembered(atomsByStatement, statement, () => compileAtoms(statement));

function compileAtoms(statement: Statement): readonly Atom[] {
  const { actions, notAction, resources, notResource, conditions } = statement;
  return [
    {
      id: `${notAction ? 'not ' : ''}action ${setOf(actions.map(patternText))}`,
      ...{ subject: ACTION, variables: [], actions },
      holds: (request) => actionMatches(statement, request),
    },
    ...(resources === undefined || (!notResource && resources.some(({ whole }) => whole.source === '*'))
      ? []
      : [
          {
            id: `${notResource ? 'not ' : ''}resource ${setOf(resources.map(({ whole }) => patternText(whole)))}`,
            ...{ subject: RESOURCE, variables: variablesIn(resources.map(({ whole }) => whole)), resources },
            holds: (request: EvaluationRequest) => resourceMatches(statement, request),
          },
        ]),
    ...conditions.map((condition) => ({
      id: conditionText(condition),
      subject: condition.key.lowerCase,
      variables: variablesIn(condition.values.map(({ pattern }) => pattern)),
      condition,
      holds: (request: EvaluationRequest) => conditionHolds(condition, request),
    })),
  ];
}

const conditionText = ({ operator, key, values, absence }: Condition): string =>
  `${operator} ${key.lowerCase} ${setOf(
    absence?.map(String) ?? values.map(({ pattern, source }) => (pattern ? patternText(pattern) : source)),
  )}`;

export const policiesOf = (side: Side): readonly (CompiledPolicy & { readonly level?: string })[] =>
  [
    ...side.identityPolicies,
    ...(side.sessionPolicies ?? []),
    ...[...(side.scps ?? []), ...(side.rcps ?? [])].flatMap(({ name: level, policies }) =>
      policies.map((policy) => ({ ...policy, level })),
    ),
    ...[side.permissionsBoundary, side.resourcePolicy, side.trustPolicy],
  ].filter((policy) => policy !== undefined);

/** Returns the statements that can apply to the principal of the requests, without the copies of statements that both sides have. */
export function rulesOf(before: Side, after: Side, question: Omit<AuthorizationInput, keyof Side>): readonly Rule[] {
  const rules = new Map<string, Rule>();
  for (const side of [before, after]) {
    const request = new EvaluationRequest({ ...question, ...side });
    for (const policy of policiesOf(side))
      for (const statement of statementsOf(policy)) {
        const grant = principalMatches(statement, request);
        if (grant !== GRANT.none) add(rules, side === before, policy, statement, grant, atomsOf(statement));
      }
  }
  // A missing boundary or session policy limits nothing.
  const kinds = (side: Side): ReadonlySet<PolicyKind> => new Set(policiesOf(side).map(({ kind }) => kind));
  for (const kind of ['boundary', 'session'] as const)
    for (const [side, other] of [[before, after] as const, [after, before] as const])
      if (!kinds(side).has(kind) && kinds(other).has(kind))
        add(
          rules,
          side === before,
          { kind, name: `no ${kind} policy` },
          { effect: 'Allow', index: 0 },
          GRANT.direct,
          [],
        );
  return [...rules.values()];
}

function add(
  rules: Map<string, Rule>,
  isBefore: boolean,
  { kind, name, level }: Pick<CompiledPolicy, 'kind' | 'name'> & { readonly level?: string },
  { effect, sid, index }: Pick<Statement, 'effect' | 'index'> & { readonly sid?: string | undefined },
  grant: Grant,
  atoms: readonly Atom[],
): void {
  const key = `${kind} ${level} ${effect} ${grant} ${setOf(atoms.map(({ id }) => id))}`;
  const equal = rules.get(key);
  rules.set(key, {
    ...{ kind, level, effect, grant, atoms },
    isBefore: isBefore || equal?.isBefore === true,
    isAfter: !isBefore || equal?.isAfter === true,
    statement: equal?.statement ?? { policy: name, index, ...(sid !== undefined && { sid }) },
  });
}
