import type { ConditionExplanation } from '../../identity/policy/index.ts';
import { compilePattern, matchesPattern } from '../../identity/policy/pattern.ts';
import { nearName } from './near-name.ts';
import { culprits, type TrustDecision } from './trust.ts';

/** Conditions of this form pin a cluster or its account. */
const CLUSTER_KEYS = new Set([
  'aws:requesttag/eks-cluster-arn',
  'aws:requesttag/eks-cluster-name',
  'aws:sourcearn',
  'aws:sourceaccount',
]);

/** Whether only conditions on the cluster or its account deny. */
export function pinsOtherCluster({ decision }: TrustDecision): boolean {
  const conditions = decision ? culprits(decision) : [];
  return conditions.length > 0 && conditions.every(({ key }) => CLUSTER_KEYS.has(key.toLowerCase()));
}

/** Returns a clause with the nearest reason of a denial, for example `it names "ledgr", the pod runs as "ledger"`. */
export function denialOf({ decision, reason = 'no statement allows it' }: TrustDecision): string {
  const [statement] = decision?.deciding ?? [];
  if (decision === undefined || statement === undefined || statement.effect === 'Deny') return reason;
  for (const condition of culprits(decision)) {
    const hint = slipIn(condition);
    if (hint !== undefined) return hint;
  }
  return statement.reason.replace(/^not applied: /, '');
}

/** Returns the operator for strings that matches a value. */
function operatorFor(expected: readonly string[], actual: string): string | undefined {
  if (expected.includes(actual)) return 'StringEquals';
  const isLike = (one: string): boolean =>
    matchesPattern(compilePattern(one, { wildcards: true, variables: false }), actual, { variable: () => undefined });
  if (expected.some(isLike)) return 'StringLike';
  return expected.some((one) => one.toLowerCase() === actual.toLowerCase()) ? 'StringEqualsIgnoreCase' : undefined;
}

const quoted = (value: string): string => JSON.stringify(value);

/** Recognises the usual slips in a condition that does not match. */
function slipIn({ operator, key, expected, actual = [] }: ConditionExplanation): string | undefined {
  const [value = ''] = expected;
  if (key.startsWith('arn:'))
    return `the condition key ${quoted(key)} begins with the provider's ARN instead of the issuer`;
  if (key.endsWith(':aud') && value.startsWith('system:serviceaccount:'))
    return `the condition on ${quoted(key)} has a value of :sub, ${quoted(value)}`;
  if (key.toLowerCase() === 'aws:sourcearn' && value.includes(':podidentityassociation/'))
    return `aws:SourceArn expects ${quoted(value)}, an association, but EKS sends the ARN of the cluster`;
  for (const actualValue of actual) {
    const right = operatorFor(expected, actualValue);
    if (/^String(Not)?Equals/.test(operator) && expected.some((one) => /[*?]/.test(one))) {
      const does = right === undefined ? '' : `; ${right} does`;
      return `${operator} compares ${quoted(value)} literally, so it does not match ${quoted(actualValue)}${does}`;
    }
    const isNegated = /Not/.test(operator);
    if (right !== undefined && !isNegated && right !== operator.replace(/^For\w+:|IfExists$/g, ''))
      return `${operator} never matches ${quoted(actualValue)} with ${quoted(value)}; ${right} does (${key})`;
    const near = nearName(actualValue, expected);
    const whose = CLUSTER_KEYS.has(key.toLowerCase())
      ? 'the cluster is'
      : key.endsWith(':aud')
        ? 'the audience of the token is'
        : 'the pod runs as';
    if (near !== undefined) return `it names ${quoted(near)}, ${whose} ${quoted(actualValue)} (${key})`;
  }
  return undefined;
}
