import { associationTrust, usableAssociations } from '../facts/association-trust.ts';
import type { ClusterFacts } from '../facts/cluster-facts.ts';
import { denialOf, pinsOtherCluster } from '../facts/denial.ts';
import { associationObject, podNames, readableRole, roleName } from './cases.ts';
import type { Case, Unjudged } from './check.ts';

export type TrustProblem = 'subject' | 'tags' | 'cluster';

/** Finds associations whose role EKS Auth cannot assume because of one kind of problem. */
export function* trustCases(facts: ClusterFacts, problem: TrustProblem): Generator<Case | Unjudged> {
  for (const association of usableAssociations(facts)) {
    const { namespace, serviceAccount, roleArn } = association;
    const object = associationObject(association);
    yield* readableRole(facts, object, roleArn);
    const decision = associationTrust(facts, association);
    if (decision?.value === 'unknown') yield { object, missing: 'iam:GetRole' };
    if (decision?.value !== 'denied') continue;
    const isTagging = decision.action === 'sts:TagSession';
    if ((pinsOtherCluster(decision) ? 'cluster' : isTagging ? 'tags' : 'subject') !== problem) continue;
    yield {
      object,
      text: `The trust policy of role ${roleName(roleArn)} does not allow ${decision.action} for ${namespace}/${serviceAccount}: ${denialOf(decision)}.`,
      repair: `aws iam update-assume-role-policy --role-name ${roleName(roleArn)} --policy-document file://trust.json`,
      pods: podNames(facts.podsOf(namespace, serviceAccount)),
    };
  }
}
