import { usableAssociations } from '../facts/association-trust.ts';
import { podIdentityTrust } from '../facts/trust.ts';
import { ASSOCIATIONS, roleObject } from './cases.ts';
import type { Check } from './check.ts';

/** A name that no policy has on purpose. */
const FOREIGN = 'q7-unrelated-0x';
const SUBJECT_TAG = /aws:requesttag\/kubernetes-(namespace|service-account)/i;

export const conditionsWithoutEffect: Check = {
  id: 'PID805',
  title: 'Conditions of a trust policy for Pod Identity do not restrict the service account',
  severity: 'warning',
  rights: [...ASSOCIATIONS, 'iam:GetRole'],
  observation:
    'The trust policy has conditions on `kubernetes-namespace` or `kubernetes-service-account`, but allows a foreign namespace and service account. Policies without such conditions are not reported.',
  cause: 'A wildcard, an operator with IfExists, or a second statement without conditions.',
  effect: 'Anybody who can create associations with the role can use it for every pod of the cluster.',
  fix: 'Compare the tags by StringEquals in every statement for `pods.eks.amazonaws.com`.',
  source: 'EKS User Guide, "Create IAM role with trust policy required by EKS Pod Identity"',
  *find(facts) {
    const cluster = facts.snapshot.aws?.cluster;
    const seen = new Set<string>();
    for (const association of usableAssociations(facts)) {
      const role = facts.role(association.roleArn);
      if (!cluster || !role || seen.has(role.arn) || !SUBJECT_TAG.test(role.trustPolicy)) continue;
      seen.add(role.arn);
      const subject = { namespace: FOREIGN, serviceAccount: FOREIGN };
      if (podIdentityTrust(role, cluster, association, subject).value === 'allowed')
        yield {
          object: roleObject(role.arn),
          text: 'Its trust policy allows every namespace and service account, despite its conditions.',
        };
    }
  },
};
