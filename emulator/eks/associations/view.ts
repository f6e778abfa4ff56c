import { epochSeconds } from '../cluster-view.ts';
import type { Association } from '../model.ts';

/** EKS API Reference, "PodIdentityAssociation". Members without a value are left out. */
export function associationView(association: Association): object {
  return {
    ...associationSummary(association),
    roleArn: association.roleArn,
    createdAt: epochSeconds(association.createdAt),
    modifiedAt: epochSeconds(association.modifiedAt),
    disableSessionTags: association.disableSessionTags,
    targetRoleArn: association.targetRoleArn,
    externalId: association.externalId,
    policy: association.policy,
    tags: Object.fromEntries(association.tags),
  };
}

/** EKS API Reference, "PodIdentityAssociationSummary": it does not tell the role. */
export function associationSummary(association: Association): object {
  return {
    clusterName: association.clusterName,
    namespace: association.namespace,
    serviceAccount: association.serviceAccount,
    associationArn: association.arn,
    associationId: association.id,
    ownerArn: association.ownerArn,
  };
}
