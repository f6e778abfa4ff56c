import { matchesResource, type ArnPattern } from './arn.ts';
import { conditionHolds, type Condition } from './conditions/condition.ts';
import { matchesPattern, type Pattern } from './pattern.ts';
import { GRANT, grantOf, sparedByNotPrincipal, type Grant, type PrincipalElement } from './principal-element.ts';
import type { EvaluationRequest } from './request.ts';
import type { CompiledPolicy, CompiledStatement } from './types.ts';

/** The content of a `CompiledStatement`. */
export interface Statement extends CompiledStatement {
  /** Undefined in identity policies. */
  readonly principal: PrincipalElement | undefined;
  readonly notPrincipal: boolean;
  /** In lower case, except for `source`. */
  readonly actions: readonly Pattern[];
  readonly notAction: boolean;
  /** Undefined in trust policies, which apply to their role. */
  readonly resources: readonly ArnPattern[] | undefined;
  readonly notResource: boolean;
  readonly conditions: readonly Condition[];
}

/** Returns the compiled statements of a policy, which only `compilePolicy` creates. */
export function statementsOf(policy: CompiledPolicy): readonly Statement[] {
  return policy.statements as readonly Statement[];
}

/** Returns the strength of the statement's grant; `none` if it does not apply. */
export function applies(statement: Statement, request: EvaluationRequest): Grant {
  // Actions come first, because they are cheapest to compare and differ most.
  if (!actionMatches(statement, request) || !resourceMatches(statement, request)) return GRANT.none;
  for (const condition of statement.conditions) {
    if (!conditionHolds(condition, request)) return GRANT.none;
  }
  return principalMatches(statement, request);
}

export function principalMatches(statement: Statement, request: EvaluationRequest): Grant {
  const { principal } = statement;
  if (principal === undefined) return GRANT.direct;
  if (!statement.notPrincipal) return grantOf(principal, request.principal);
  const spared =
    statement.effect === 'Deny'
      ? sparedByNotPrincipal(principal, request.principal, request.input.permissionsBoundary !== undefined)
      : grantOf(principal, request.principal) !== GRANT.none;
  return spared ? GRANT.none : GRANT.direct;
}

export function actionMatches(statement: Statement, request: EvaluationRequest): boolean {
  return (matchingAction(statement, request) === undefined) === statement.notAction;
}

export function matchingAction({ actions }: Statement, request: EvaluationRequest): Pattern | undefined {
  return actions.find((action) => matchesPattern(action, request.lowerCaseAction, request));
}

export function resourceMatches(statement: Statement, request: EvaluationRequest): boolean {
  if (statement.resources === undefined) return true;
  return (matchingResource(statement, request) === undefined) === statement.notResource;
}

export function matchingResource({ resources }: Statement, request: EvaluationRequest): ArnPattern | undefined {
  return resources?.find((resource) => matchesResource(resource, request.resourceArn, request));
}
