import { nearName } from '../facts/near-name.ts';
import { ASSOCIATIONS, associationObject } from './cases.ts';
import type { Check } from './check.ts';

export const noNamespace: Check = {
  id: 'PID304',
  title: 'An association names a namespace that does not exist',
  severity: 'warning',
  rights: ['list namespaces', 'list serviceaccounts', ...ASSOCIATIONS],
  observation: 'No namespace has the name in the association.',
  cause: 'EKS does not check the names. There may be a typo, or the namespace was deleted or renamed.',
  effect:
    'No pod can use the association. It is an error if a near namespace has that service account without an identity.',
  fix: 'Create an association for the right namespace, and delete the wrong one.',
  source: 'EKS User Guide, "Assign an IAM role to a Kubernetes service account"',
  *find(facts) {
    const namespaces = (facts.snapshot.kubernetes.namespaces ?? []).map(({ metadata }) => metadata.name);
    for (const association of facts.associations) {
      const { namespace, serviceAccount, associationId, roleArn } = association;
      if (namespaces.includes(namespace)) continue;
      const candidates = namespaces.filter(
        (name) => facts.serviceAccount(name, serviceAccount) && !facts.association(name, serviceAccount),
      );
      const near = nearName(namespace, candidates);
      yield {
        object: associationObject(association),
        text: `Association ${associationId} names namespace \`${namespace}\`, which does not exist${near === undefined ? '' : `; \`${near}\` does`}.`,
        severity: near === undefined ? 'warning' : 'error',
        ...(near !== undefined && {
          repair: `aws eks create-pod-identity-association --cluster-name ${facts.name} --namespace ${near} --service-account ${serviceAccount} --role-arn ${roleArn}`,
        }),
      };
    }
  },
};
