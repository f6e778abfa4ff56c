import type { Association } from '../snapshot/aws.ts';
import type { ClusterFacts } from './cluster-facts.ts';
import { subjectOf } from './identity.ts';
import { podIdentityTrust, type Subject, type TrustDecision } from './trust.ts';

/** Returns the associations whose service account exists. All of them if service accounts could not be read. */
export const usableAssociations = (facts: ClusterFacts): readonly Association[] =>
  facts.snapshot.kubernetes.serviceAccounts === undefined
    ? facts.associations
    : facts.associations.filter((one) => facts.serviceAccount(one.namespace, one.serviceAccount) !== undefined);

/** Returns the first pod of an association's service account, or the service account itself. */
export function subjectOfAssociation(facts: ClusterFacts, { namespace, serviceAccount }: Association): Subject {
  const [pod] = facts.podsOf(namespace, serviceAccount);
  return pod ? subjectOf(pod) : { namespace, serviceAccount };
}

/** Decides whether an association's role can be assumed for its service account; undefined for a role that was not read. */
export function associationTrust(facts: ClusterFacts, association: Association): TrustDecision | undefined {
  const role = facts.role(association.roleArn);
  const cluster = facts.snapshot.aws?.cluster;
  if (!role || !cluster) return undefined;
  return podIdentityTrust(role, cluster, association, subjectOfAssociation(facts, association));
}
