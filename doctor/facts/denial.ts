import type { ConditionExplanation, StatementExplanation } from '../../emulator/iam/policy/index.ts';
import { nearName } from './near-name.ts';
import type { TrustDecision } from './trust.ts';

/** Conditions of this form pin a cluster or its account. */
const CLUSTER_KEYS = new Set([
  'aws:requesttag/eks-cluster-arn',
  'aws:requesttag/eks-cluster-name',
  'aws:sourcearn',
  'aws:sourceaccount',
]);

/** Returns the statement that denies, or the nearest that does not allow. */
export const nearestStatement = ({ decision }: TrustDecision): StatementExplanation | undefined =>
  decision?.deciding[0];

/** Returns the conditions because of which a decision is a denial. */
const culprits = (decision: TrustDecision): readonly ConditionExplanation[] => {
  const statement = nearestStatement(decision);
  return (statement?.conditions ?? []).filter(({ matched }) => matched === (statement?.effect === 'Deny'));
};

/** Whether only conditions on the cluster or its account deny. */
export function pinsOtherCluster(decision: TrustDecision): boolean {
  const conditions = culprits(decision);
  return conditions.length > 0 && conditions.every(({ key }) => CLUSTER_KEYS.has(key.toLowerCase()));
}

/** Returns a clause with the nearest reason of a denial, for example `it names "ledgr", the pod runs as "ledger"`. */
export function denialOf(decision: TrustDecision): string {
  const statement = nearestStatement(decision);
  const { reason = 'no statement allows it' } = decision;
  if (statement === undefined || statement.effect === 'Deny') return reason;
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
  for (const own of actual) {
    if (/^String(Not)?Equals/.test(operator) && expected.some((one) => /[*?]/.test(one)))
      return `${operator} compares ${quoted(value)} literally, so it does not match ${quoted(own)}`;
    const near = nearName(own, expected);
    const whose = CLUSTER_KEYS.has(key.toLowerCase()) ? 'the cluster is' : 'the pod runs as';
    if (near !== undefined) return `it names ${quoted(near)}, ${whose} ${quoted(own)} (${key})`;
  }
  return undefined;
}
