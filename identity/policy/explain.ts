import { principalName } from './principal.ts';
import { conditionHolds, listOf, type Condition } from './conditions/condition.ts';
import type { ValueMatcher } from './conditions/operator.ts';
import { describePattern, listed, quoted, valueless, without } from './explain-values.ts';
import { GRANT, namesSessions, type PrincipalElement } from './principal-element.ts';
import type { EvaluationRequest } from './request.ts';
import {
  actionMatches,
  matchingAction,
  matchingResource,
  principalMatches,
  resourceMatches,
  type Statement,
} from './statement.ts';
import type { ConditionExplanation, PolicyKind, StatementExplanation } from './types.ts';

/** A statement with its policy's role in the decision. */
export interface Candidate {
  readonly statement: Statement;
  readonly kind: PolicyKind;
  readonly policy: string;
  /** The level of an organization policy. */
  readonly level?: string;
}

/** Evaluates a statement again and records its parts up to the first mismatch. */
export function explain(candidate: Candidate, request: EvaluationRequest): StatementExplanation {
  const { policy, kind, statement } = candidate;
  const { sid, index, effect } = statement;
  const { failed, parts, conditions } = examine(statement, request);
  const { action, resource } = request.input;
  const verb = effect === 'Allow' ? 'allows' : 'denies';
  const reason =
    failed === undefined
      ? `applied: ${verb} ${action} on ${resource}: ${whatMatched(statement, request)}`
      : `not applied: ${failed}`;
  return { policy, kind, sid, index, effect, applied: failed === undefined, ...parts, conditions, reason };
}

interface Examined {
  readonly failed?: string;
  readonly parts: { principalMatched?: boolean; actionMatched?: boolean; resourceMatched?: boolean };
  readonly conditions: readonly ConditionExplanation[];
}

function examine(statement: Statement, request: EvaluationRequest): Examined {
  const parts: Examined['parts'] = {};
  const failed = (why: string): Examined => ({ failed: why, parts, conditions: [] });
  if (statement.principal !== undefined) {
    parts.principalMatched = principalMatches(statement, request) !== GRANT.none;
    if (!parts.principalMatched) return failed(wrongPrincipal(statement, statement.principal, request));
  }
  parts.actionMatched = actionMatches(statement, request);
  if (!parts.actionMatched) return failed(wrongAction(statement, request));
  if (statement.resources !== undefined) {
    parts.resourceMatched = resourceMatches(statement, request);
    if (!parts.resourceMatched) return failed(wrongResource(statement, request));
  }
  const conditions = statement.conditions.map((condition) => explainCondition(condition, request));
  const unmet = statement.conditions.filter((_, index) => !conditions[index]?.matched);
  const reasons = unmet.map((condition) => conditionWords(condition, request)).join('; ');
  return { ...(unmet.length > 0 && { failed: reasons }), parts, conditions };
}

function wrongPrincipal(statement: Statement, element: PrincipalElement, request: EvaluationRequest): string {
  const name = nameOf(request, element);
  return statement.notPrincipal
    ? `NotPrincipal exempts ${name}`
    : `Principal names ${listed(namesOf(element), 'no supported principal')}, not ${name}`;
}

const actionsOf = ({ actions }: Statement): string => listed(actions.map(({ source }) => source));

const resourcesOf = ({ resources = [] }: Statement, request: EvaluationRequest): string =>
  listed(resources.map(({ whole }) => describePattern(whole, request)));

function wrongAction(statement: Statement, { input: { action } }: EvaluationRequest): string {
  const actions = actionsOf(statement);
  return statement.notAction ? `NotAction ${actions} lists ${action}` : `Action ${actions} does not list ${action}`;
}

function wrongResource(statement: Statement, request: EvaluationRequest): string {
  const { resource } = request.input;
  const resources = resourcesOf(statement, request);
  if (statement.notResource) return `NotResource ${resources} covers ${resource}`;
  const patterns = statement.resources?.map(({ whole }) => whole) ?? [];
  return `Resource ${resources} does not cover ${resource}${valueless(patterns, request)}`;
}

/** Lists the matching patterns and conditions with their values. */
export function whatMatched(statement: Statement, request: EvaluationRequest): string {
  const { principal, notPrincipal, resources, conditions } = statement;
  const action = matchingAction(statement, request);
  const resource = matchingResource(statement, request);
  const named = principal && namesOf(principal).find((name) => isOneOf(name, request));
  return [
    principal && (notPrincipal ? 'NotPrincipal does not exempt it' : `Principal ${quoted([named ?? '*'])}`),
    action ? `Action ${quoted([action.source])}` : `NotAction ${actionsOf(statement)} does not list it`,
    resource
      ? `Resource ${quoted([describePattern(resource.whole, request)])}`
      : resources && `NotResource ${resourcesOf(statement, request)} does not cover it`,
    ...conditions.map((condition) => conditionWords(condition, request)),
  ]
    .filter((part) => part !== undefined)
    .join(', ');
}

function namesOf({ everyone, arns, accounts, uniqueIds, services, federated }: PrincipalElement): string[] {
  return [
    ...(everyone ? ['*'] : []),
    ...[arns, accounts, uniqueIds, services, federated].flatMap((names) => [...names]),
  ];
}

function isOneOf(name: string, { principal }: EvaluationRequest): boolean {
  const fields = { roleArn: '', userId: '', ...principal } as Readonly<Record<string, unknown>>;
  const [roleId] = String(fields['userId']).split(':');
  return [
    '*',
    fields['arn'],
    fields['roleArn'],
    fields['accountId'],
    roleId,
    fields['service'],
    fields['providerArn'],
  ].includes(name);
}

function explainCondition(condition: Condition, request: EvaluationRequest): ConditionExplanation {
  const actual = request.values(condition.key);
  return {
    operator: condition.operator,
    key: condition.key.name,
    expected: expectedBy(condition, request),
    actual: actual === undefined ? undefined : listOf(actual),
    matched: conditionHolds(condition, request),
  };
}

const expectedBy = ({ absence, values }: Condition, request: EvaluationRequest): string[] =>
  absence?.map(String) ??
  values.map(({ pattern, source }) => (pattern === undefined ? source : describePattern(pattern, request)));

/** Returns `aws:PrincipalTag/team is "red", StringEquals expects "blue"`. A met condition has only matching values. */
function conditionWords(condition: Condition, request: EvaluationRequest): string {
  const { key, operator, values } = condition;
  const actual = request.values(key);
  const matching = values.filter((value) => matchesSome(value, actual, request));
  const shown = condition.negated || matching.length === 0 ? condition : { ...condition, values: matching };
  const is = actual === undefined ? 'absent' : listed(listOf(actual));
  const hint = actual === undefined ? without(key, request) : '';
  const missing = valueless(
    values.flatMap(({ pattern }) => pattern ?? []),
    request,
  );
  return `${key.name} is ${is}, ${operator} expects ${listed(expectedBy(shown, request))}${hint && ` (${hint})`}${missing}`;
}

/** Does not consider whether the operator is negated. */
const matchesSome = (
  value: ValueMatcher,
  actual: string | readonly string[] | undefined,
  request: EvaluationRequest,
): boolean => actual !== undefined && listOf(actual).some((one) => value.matches(one, request));

/** Names a session by its role, unless the element lists sessions of that role. */
export function nameOf({ principal }: EvaluationRequest, element?: PrincipalElement): string {
  if (principal.kind === 'anonymous') return 'an anonymous caller';
  const ofSessions = principal.kind !== 'role-session' || (element !== undefined && namesSessions(element, principal));
  return ofSessions ? principalName(principal) : `a session of ${principal.roleArn}`;
}
