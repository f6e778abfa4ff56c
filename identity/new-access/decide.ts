import { listOf, objectOf, type JsonObject } from '../../foundation/node/json.ts';
import {
  difference,
  documentsOf,
  parsed,
  statementsIn,
  type Comparison,
  type Difference,
  type NamedDocument,
  type PolicySet,
  type RequestDifference,
} from '../difference/index.ts';
import { compilePattern, matchesTokens, type ResolvedToken } from '../policy/pattern.ts';

/** A resource with a policy in the files, or a role with its trust policy. */
export interface Guard {
  readonly kind: 'resource' | 'trust';
  readonly address: string;
  /** Patterns of ARNs; undefined if the files do not have them. */
  readonly resources: readonly string[] | undefined;
  readonly before?: NamedDocument | undefined;
  readonly after?: NamedDocument | undefined;
}

/** A difference, with the policies of both sides that decided the request. */
export interface NewDifference extends RequestDifference {
  readonly sides: Pick<Comparison, 'before' | 'after'>;
}
export interface Decided {
  readonly differences: readonly NewDifference[];
  readonly limits: readonly string[];
}

const ASSUME = /^sts:(?:AssumeRole|TagSession|SetSourceIdentity)/i;

export const isLike = (text: string, pattern: string): boolean =>
  matchesTokens(
    compilePattern(pattern, { wildcards: true, variables: false }).tokens as readonly ResolvedToken[],
    text,
  );
const covers = (guard: Guard, { action, resource }: { readonly action: string; readonly resource: string }): boolean =>
  (guard.kind === 'trust') === ASSUME.test(action) &&
  (guard.resources ?? []).some((one) => isLike(resource, one.replaceAll(/\$\{[^}]*\}/g, '*')));

/** Returns the changed statement, as far as a side has it. */
export function statementsOf({ sides, statement }: NewDifference): readonly JsonObject[] {
  const policies = [sides.after, sides.before].flatMap(documentsOf).filter(({ name }) => name === statement.policy);
  const statements = policies.map((one) => statementsIn(one)[statement.index] ?? {});
  return statements.filter((one) => statement.sid === undefined || one['Sid'] === statement.sid);
}

/** Compares, and returns what the comparison does not decide as limits. */
export function decided(comparison: Comparison): Decided {
  let result: Difference;
  try {
    result = difference(comparison);
  } catch (error) {
    if (!(error instanceof Error) || error.name !== 'AwsError') throw error;
    return { differences: [], limits: [`IAM rejects a policy: ${error.message}`] };
  }
  const { before, after } = comparison;
  return {
    differences:
      result.kind === 'differs' ? result.differences.map((one) => ({ ...one, sides: { before, after } })) : [],
    limits: result.kind === 'equivalent' ? [] : result.limits,
  };
}

/**
 * Compares the requests of a role's sessions. Resources with a policy in the files that may decide about a difference are compared with
 * it, all others without.
 */
export function decidedWith(comparison: Comparison, guards: readonly Guard[]): Decided {
  const used = new Set<Guard>();
  let outside = decided(comparison);
  for (;;) {
    const more = guards.filter(
      (one) => !used.has(one) && outside.differences.some(({ request }) => covers(one, request)),
    );
    if (more.length === 0) break;
    for (const one of more) used.add(one);
    outside = decided(except(comparison, [...used]));
  }
  const parts = [outside, ...[...used].map((guard) => decidedWithin(comparison, guard))];
  return {
    differences: parts.flatMap(({ differences }) => differences),
    limits: [...new Set(parts.flatMap(({ limits }) => limits))],
  };
}

/** Compares the requests of a role's sessions for one resource, with its policy. */
export function decidedWithin(comparison: Comparison, guard: Guard): Decided {
  const member = guard.kind === 'trust' ? 'trustPolicy' : 'resourcePolicy';
  const withPolicy = (set: PolicySet, policy: NamedDocument | undefined): PolicySet => ({ ...set, [member]: policy });
  const [caller] = comparison.principals;
  const { differences, limits } = decided({
    ...comparison,
    before: withPolicy(comparison.before, guard.before),
    after: withPolicy(comparison.after, guard.after),
    ...(guard.resources && { resources: guard.resources }),
    ...(guard.kind === 'trust' && { actions: ['sts:*'] }),
  });
  const name = caller && 'arn' in caller.principal ? caller.principal.arn : '';
  return {
    differences: differences.filter(({ request }) => 'arn' in request.principal && request.principal.arn === name),
    limits,
  };
}

/** Leaves out the resources of guards by denying them on both sides. */
function except(comparison: Comparison, guards: readonly Guard[]): Comparison {
  const document = {
    Version: '2012-10-17',
    Statement: guards.map(({ kind, resources = [] }) => ({
      ...{
        Effect: 'Deny',
        Action: kind === 'trust' ? ['sts:AssumeRole*', 'sts:TagSession', 'sts:SetSourceIdentity'] : '*',
      },
      Resource: resources,
    })),
  };
  const without = (set: PolicySet): PolicySet => ({
    ...set,
    identityPolicies: [...set.identityPolicies, { name: 'compared apart', document }],
  });
  return { ...comparison, before: without(comparison.before), after: without(comparison.after) };
}

/** Returns a policy without the principals that are compared apart, so that they do not hide others. */
export function withoutPrincipals(
  policy: NamedDocument | undefined,
  arns: readonly string[],
): NamedDocument | undefined {
  if (policy === undefined) return undefined;
  const statements = statementsIn(policy).flatMap((statement) => {
    const { AWS: named, ...others } = objectOf(statement['Principal']);
    if (named === undefined) return [statement];
    const rest = listOf(named).filter((one) => !arns.includes(String(one)));
    const principal = { ...others, ...(rest.length > 0 && { AWS: rest }) };
    return Object.keys(principal).length === 0 ? [NOBODY] : [{ ...statement, Principal: principal }];
  });
  return { name: policy.name, document: { ...parsed(policy), Statement: statements } };
}
/** Keeps the positions of later statements. */
const NOBODY = { Effect: 'Deny', Principal: { Service: 'none.amazonaws.com' }, Action: '*', Resource: '*' };
