import { organizationKeys, organizationLevels } from '../organization.ts';
import { compilePolicy, type PolicyKind } from '../policy/index.ts';
import { defaultKeyPolicy } from '../policy/key-policy.ts';
import { isVariable } from '../policy/pattern.ts';
import { statementsOf } from '../policy/statement.ts';
import { factsOf } from './facts.ts';
import { principalsOf } from './principals.ts';
import { actionChoices, comparedActions } from './request-parts.ts';
import { policiesOf, rulesOf, type Side } from './rules.ts';
import { Search, type Progress } from './search.ts';
import { inOtherAccounts, statementTexts, uncovered } from './uncovered.ts';
import type { Comparison, Difference, NamedDocument, PolicySet, PrincipalClass, RequestDifference } from './types.ts';

export { documentsOf, parsed, statementsIn } from './documents.ts';
export { session } from './principals.ts';
export { STRANGER } from './uncovered.ts';
export type * from './types.ts';

/** Combinations of classes that one comparison tries. */
const STEPS = 20_000;

/**
 * Compares two sets of policies over all requests (IAM User Guide, "Policy evaluation logic"). Each difference is a request that
 * `authorize` decides differently. `equivalent` only if nothing that could differ was left out. Throws `AwsError` for an invalid policy.
 */
export function difference(comparison: Comparison): Difference {
  const progress: Progress = { steps: STEPS, limits: new Set() };
  const differences = new Map<string, RequestDifference>();
  compareIn(comparison, differences, progress);
  const texts = statementTexts(comparison);
  for (const one of inOtherAccounts(comparison, texts)) compareIn(one, differences, progress);
  for (const limit of uncovered(comparison, texts)) progress.limits.add(limit);
  const limits = [...progress.limits];
  if (differences.size > 0) return { kind: 'differs', differences: [...differences.values()], limits };
  if (limits.length > 0) return { kind: 'not decided', limits };
  return { kind: 'equivalent', compared: comparedText(comparison.principals) };
}

/** Adds the differences for resources of one account. */
function compareIn(comparison: Comparison, differences: Map<string, RequestDifference>, progress: Progress): void {
  const { before, after } = standIns(compile(comparison.before), compile(comparison.after), comparison);
  const principals = principalsOf(comparison, before, after);
  for (const caller of principals) {
    const { levels, who, absent } = withinOrganization(comparison, caller);
    const sides = { before: { ...permitted(before, who), ...levels }, after: { ...permitted(after, who), ...levels } };
    const facts = factsOf({ ...comparison, absent }, who, keyNames([sides.before, sides.after]));
    const rules = rulesOf(sides.before, sides.after, { ...facts, action: '', resource: '*', context: {} });
    const changed = rules.filter(({ isBefore, isAfter }) => !isBefore || !isAfter);
    if (changed.length === 0) continue;
    const choices = actionChoices(
      rules.flatMap(({ atoms }) => atoms),
      comparison.actions,
    );
    for (const rule of changed) {
      const newly = (rule.effect === 'Allow') === rule.isAfter ? 'allowed' : 'denied';
      const key = `${newly} ${rule.kind} ${rule.statement.policy} ${rule.statement.index} ${rule.isAfter}`;
      if (differences.has(key)) continue;
      const example = new Search(sides, facts, newly, progress).find(rule, rules, choices);
      if (example !== undefined) differences.set(key, example);
    }
  }
}

const comparedText = (principals: readonly PrincipalClass[]): string =>
  `${principals.length === 1 ? 'one principal' : `${principals.length} kinds of principals`}, ${comparedActions()}, all resources and condition keys`;

function compile(set: PolicySet): Side {
  const one = (kind: PolicyKind) => (given: NamedDocument) => compilePolicy(given.document, { kind, name: given.name });
  const { permissionsBoundary, sessionPolicies = [], resourcePolicy, trustPolicy } = set;
  return {
    identityPolicies: set.identityPolicies.map(one('identity')),
    permissionsBoundary: permissionsBoundary && one('boundary')(permissionsBoundary),
    sessionPolicies: sessionPolicies.map(one('session')),
    resourcePolicy: resourcePolicy && one('resource')(resourcePolicy),
    trustPolicy: trustPolicy && one('trust')(trustPolicy),
  };
}

/** Adds the default policy of a KMS key, and a trust policy for the accounts of the callers, where neither side has one. */
function standIns(
  before: Side,
  after: Side,
  { principals, resourceAccount }: Comparison,
): { before: Side; after: Side } {
  const callers = principals.flatMap(({ principal }) => ('arn' in principal ? principal.accountId : []));
  const accounts = [...new Set([resourceAccount, ...callers])].filter((one) => /^\d{12}$/.test(one));
  if (accounts.length === 0) return { before, after };
  const trust = compilePolicy(
    { Statement: { Effect: 'Allow', Principal: { AWS: accounts }, Action: 'sts:*' } },
    { kind: 'trust', name: 'the assumed trust policy' },
  );
  const key = compilePolicy(defaultKeyPolicy(...accounts), { kind: 'resource', name: 'the default key policy' });
  const added = {
    ...(before.trustPolicy === undefined && after.trustPolicy === undefined && { trustPolicy: trust }),
    ...(before.resourcePolicy === undefined && after.resourcePolicy === undefined && { resourcePolicy: key }),
  };
  return { before: { ...before, ...added }, after: { ...after, ...added } };
}

const EVERYTHING = compilePolicy(
  { Statement: { Effect: 'Allow', Action: '*', Resource: '*' } },
  { kind: 'identity', name: "the principal's own policies" },
);

/** Returns the policies that apply to a principal. */
function permitted(side: Side, { permissions = 'given' }: PrincipalClass): Side {
  if (permissions === 'given') return side;
  const { resourcePolicy, trustPolicy } = side;
  return { identityPolicies: permissions === 'all' ? [EVERYTHING] : [], resourcePolicy, trustPolicy };
}

/**
 * Returns the policies of the organization for a caller, and its keys. Accounts outside count as in none, unless the compared policies
 * test organizations.
 */
function withinOrganization(
  { organization, resourceAccount, before, after, absent = [] }: Comparison,
  who: PrincipalClass,
): { readonly levels: Partial<Side>; readonly who: PrincipalClass; readonly absent: readonly string[] } {
  if (organization === undefined) return { levels: {}, who, absent };
  const context = { ...organizationKeys(organization, who.principal, resourceAccount), ...who.context };
  const isFree = organization.id === undefined || /Org(?:ID|Paths)/i.test(JSON.stringify([before, after]));
  const keys = ['Principal', 'Resource'].flatMap((part) => [`aws:${part}OrgID`, `aws:${part}OrgPaths`]);
  return {
    levels: organizationLevels(organization, who.principal, resourceAccount),
    who: { ...who, context },
    absent: isFree ? absent : [...absent, ...keys.filter((key) => !(key in context))],
  };
}

/** Returns the keys of the policies by names in lower case. */
function keyNames(sides: readonly Side[]): ReadonlyMap<string, string> {
  const keys = sides
    .flatMap(policiesOf)
    .flatMap((policy) =>
      statementsOf(policy).flatMap(({ conditions, resources = [] }) => [
        ...conditions.map(({ key }) => key),
        ...[
          ...conditions.flatMap(({ values }) => values.map(({ pattern }) => pattern)),
          ...resources.map(({ whole }) => whole),
        ].flatMap((pattern) => pattern?.tokens.filter(isVariable).map(({ key }) => key) ?? []),
      ]),
    );
  return new Map(keys.reverse().map(({ lowerCase, name }) => [lowerCase, name]));
}
