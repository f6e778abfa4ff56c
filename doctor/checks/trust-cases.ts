import { associationTrust, usableAssociations } from '../facts/association-trust.ts';
import type { ClusterFacts } from '../facts/cluster-facts.ts';
import { denialOf, pinsOtherCluster } from '../facts/denial.ts';
import { associationCase, readableRole, roleName } from './cases.ts';
import type { Case, Unjudged } from './check.ts';
import { warningIfUnused } from './unused.ts';

/** Finds associations whose role EKS Auth cannot assume because of one kind of problem. */
export function* trustCases(facts: ClusterFacts, problem: 'subject' | 'tags' | 'cluster'): Generator<Case | Unjudged> {
  for (const association of usableAssociations(facts)) {
    const { namespace, serviceAccount, roleArn } = association;
    const decision = associationTrust(facts, association);
    const text = `The trust policy of role ${roleName(roleArn)} does not allow ${decision?.action} for ${namespace}/${serviceAccount}: ${decision && denialOf(decision)}.`;
    const repair = `aws iam update-assume-role-policy --role-name ${roleName(roleArn)} --policy-document file://trust.json`;
    const found = associationCase(facts, association, text, repair);
    yield* readableRole(facts, found.object, roleArn);
    if (decision?.value === 'unknown') yield { object: found.object, missing: decision.missing ?? 'iam:GetRole' };
    if (decision?.value !== 'denied') continue;
    const own = pinsOtherCluster(decision) ? 'cluster' : decision.action === 'sts:TagSession' ? 'tags' : 'subject';
    if (own === problem) yield warningIfUnused(found);
  }
}
