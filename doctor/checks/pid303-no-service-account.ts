import { nearName } from '../facts/near-name.ts';
import { roleAnnotation } from '../facts/irsa.ts';
import { ASSOCIATIONS, associationObject } from './cases.ts';
import type { Check } from './check.ts';

export const noServiceAccount: Check = {
  id: 'PID303',
  title: 'An association names a service account that does not exist',
  severity: 'warning',
  rights: ['list serviceaccounts', 'list namespaces', ...ASSOCIATIONS],
  observation: "The association's namespace exists, but has no service account of its name.",
  cause: 'EKS does not check the names. There may be a typo, or a chart names its service account differently.',
  effect: 'No pod can use the association. It is an error if a service account with a near name has no identity.',
  fix: 'Create an association for the right name, or the service account, and delete the wrong one.',
  source: 'EKS User Guide, "Assign an IAM role to a Kubernetes service account"',
  *find(facts) {
    const { namespaces = [], serviceAccounts = [] } = facts.snapshot.kubernetes;
    const existing = new Set(namespaces.map(({ metadata }) => metadata.name));
    for (const association of facts.associations) {
      const { namespace, serviceAccount, associationId } = association;
      if (!existing.has(namespace) || facts.serviceAccount(namespace, serviceAccount)) continue;
      const withoutIdentity = serviceAccounts.filter(
        (one) =>
          one.metadata.namespace === namespace &&
          !roleAnnotation(one) &&
          !facts.association(namespace, one.metadata.name),
      );
      const near = nearName(
        serviceAccount,
        withoutIdentity.map(({ metadata }) => metadata.name),
      );
      yield {
        object: associationObject(association),
        text: `Association ${associationId} names \`${serviceAccount}\`, which namespace ${namespace} does not have${near === undefined ? '' : `; it has \`${near}\``}.`,
        severity: near === undefined ? 'warning' : 'error',
        ...(near !== undefined && {
          repair: `aws eks create-pod-identity-association --cluster-name ${facts.name} --namespace ${namespace} --service-account ${near} --role-arn ${association.roleArn}`,
        }),
      };
    }
  },
};
