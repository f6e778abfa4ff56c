import { conditionHolds, listOf, type Condition } from './conditions/condition.ts';
import { GRANT } from './principal-element.ts';
import type { EvaluationRequest } from './request.ts';
import { actionMatches, principalMatches, resourceMatches, type Statement } from './statement.ts';
import type { ConditionExplanation, PolicyKind, StatementExplanation, Verdict } from './types.ts';

/** Evaluates a statement once more, this time noting what matched, until the first part that does not. */
export function explain(
  statement: Statement,
  kind: PolicyKind,
  policy: string,
  request: EvaluationRequest,
): StatementExplanation {
  const { sid, index, effect } = statement;
  const identity = { policy, kind, sid, index, effect };
  const parts: { principalMatched?: boolean; actionMatched?: boolean; resourceMatched?: boolean } = {};
  const notApplied = (why: string, conditions: readonly ConditionExplanation[] = []): StatementExplanation => ({
    ...identity,
    applied: false,
    ...parts,
    conditions,
    reason: `not applied: ${why}`,
  });

  if (statement.principal !== undefined) {
    parts.principalMatched = principalMatches(statement, request) !== GRANT.none;
    if (!parts.principalMatched) {
      const element = statement.notPrincipal ? 'NotPrincipal exempts' : 'Principal does not name';
      return notApplied(`${element} ${nameOf(request)}`);
    }
  }
  parts.actionMatched = actionMatches(statement, request);
  if (!parts.actionMatched) {
    const element = statement.notAction ? 'NotAction lists' : 'Action does not list';
    return notApplied(`${element} ${request.input.action}`);
  }
  if (statement.resources !== undefined) {
    parts.resourceMatched = resourceMatches(statement, request);
    if (!parts.resourceMatched) {
      const element = statement.notResource ? 'NotResource covers' : 'Resource does not cover';
      return notApplied(`${element} ${request.input.resource}`);
    }
  }
  const conditions = statement.conditions.map((condition) => explainCondition(condition, request));
  const failed = conditions.find(({ matched }) => !matched);
  if (failed !== undefined) return notApplied(sentenceOf(failed), conditions);
  const verb = effect === 'Allow' ? 'allows' : 'denies';
  const reason = `applied: ${verb} ${request.input.action} on ${request.input.resource}`;
  return { ...identity, applied: true, ...parts, conditions, reason };
}

function explainCondition(condition: Condition, request: EvaluationRequest): ConditionExplanation {
  const actual = request.values(condition.key);
  return {
    operator: condition.operator,
    key: condition.key.name,
    expected: condition.absence?.map(String) ?? condition.values.map((value) => value.describe(request)),
    actual: actual === undefined ? undefined : listOf(actual),
    matched: conditionHolds(condition, request),
  };
}

function sentenceOf({ key, operator, expected, actual }: ConditionExplanation): string {
  const is = actual === undefined ? 'absent' : quoted(actual);
  return `${key} is ${is}, ${operator} wants ${quoted(expected)}`;
}

function quoted(values: readonly string[]): string {
  return values.length === 0 ? 'none' : values.map((value) => JSON.stringify(value)).join(' or ');
}

/** The principal in words. */
export function nameOf({ principal }: EvaluationRequest): string {
  switch (principal.kind) {
    case 'role-session':
    case 'root':
    case 'user':
      return principal.arn;
    case 'service':
      return principal.service;
    case 'federated':
      return principal.providerArn;
    case 'anonymous':
      return 'an anonymous caller';
  }
}

/** The one sentence for a whole decision. */
export function explainDecision(
  verdict: Verdict,
  statements: readonly StatementExplanation[],
  request: EvaluationRequest,
): string {
  const { action, resource } = request.input;
  if (verdict.allowedBy === 'always') return `allowed: ${action} needs no permission`;
  if (verdict.allowedBy === 'root') return `allowed: ${nameOf(request)} may do everything`;
  const decisive = statements.find(
    ({ applied, effect, kind }) =>
      applied &&
      kind === (verdict.allowedBy ?? verdict.deniedBy) &&
      effect === (verdict.value === 'allowed' ? 'Allow' : 'Deny'),
  );
  if (decisive !== undefined && verdict.value !== 'implicitlyDenied') {
    const verb = verdict.value === 'allowed' ? 'allowed' : 'denied';
    const label = decisive.sid === undefined ? `statement ${decisive.index}` : `statement "${decisive.sid}"`;
    return `${verb} by ${label} of ${decisive.policy}`;
  }
  const kind = verdict.deniedBy ?? 'identity';
  const looked = [...new Set(statements.filter((statement) => statement.kind === kind).map(({ policy }) => policy))];
  const names = looked.length === 0 ? 'there is none' : `looked at: ${looked.join(', ')}`;
  return `no ${KIND_NAMES[kind]} allows ${action} on ${resource} (${names})`;
}

const KIND_NAMES: Readonly<Record<PolicyKind, string>> = {
  identity: 'identity-based policy',
  resource: 'resource-based policy',
  trust: 'role trust policy',
  session: 'session policy',
  boundary: 'permissions boundary',
};
