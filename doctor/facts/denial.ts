import type { ConditionExplanation } from '../../identity/policy/index.ts';
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
    if (/^String(Not)?Equals/.test(operator) && expected.some((one) => /[*?]/.test(one)))
      return `${operator} compares ${quoted(value)} literally, so it does not match ${quoted(actualValue)}`;
    const near = nearName(actualValue, expected);
    const whose = CLUSTER_KEYS.has(key.toLowerCase()) ? 'the cluster is' : 'the pod runs as';
    if (near !== undefined) return `it names ${quoted(near)}, ${whose} ${quoted(actualValue)} (${key})`;
  }
  return undefined;
}
