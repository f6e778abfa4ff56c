import type { ClusterFacts } from '../facts/cluster-facts.ts';
import type { Association } from '../snapshot/aws.ts';
import { associationCase } from './cases.ts';
import type { Case } from './check.ts';

/** An error without affected pods breaks nothing now. */
export const warningIfUnused = (found: Case): Case =>
  found.pods?.length === 0 ? { ...found, severity: 'warning' } : found;

/** A case of an association without a service account: an error if `right` says which one is probably meant. */
export function misnamed(facts: ClusterFacts, association: Association, text: string, right?: Association | ''): Case {
  if (!right) return { ...associationCase(facts, association, text), severity: 'warning' };
  const { namespace, serviceAccount, roleArn } = right;
  const repair = `aws eks create-pod-identity-association --cluster-name ${facts.name} --namespace ${namespace} --service-account ${serviceAccount} --role-arn ${roleArn}`;
  return { ...associationCase(facts, association, text, repair), severity: 'error' };
}
