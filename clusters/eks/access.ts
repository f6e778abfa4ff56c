import { AssociateAccessPolicyCommand, CreateAccessEntryCommand, DeleteAccessEntryCommand } from '@aws-sdk/client-eks';
import { ignoreMissing } from '../../foundation/aws/missing.ts';
import type { EksContext } from './context.ts';
import { isNamed } from './errors.ts';
import { placed } from './teardown.ts';

/** EKS User Guide, "Review access policy permissions". */
export const ADMINISTRATOR_POLICY = 'AmazonEKSClusterAdminPolicy';

/** Makes a principal a cluster administrator (EKS User Guide, "Create access entries"). Throws EKS errors. */
export async function admit(principalArn: string, context: EksContext): Promise<void> {
  const { name: clusterName, eks, tags, resources } = context;
  try {
    await resources.make({
      ...placed('of the cluster', clusterName),
      name: `access entry of ${principalArn} to cluster ${clusterName}`,
      make: () => eks.send(new CreateAccessEntryCommand({ clusterName, principalArn, tags })),
      remove: () => ignoreMissing(() => eks.send(new DeleteAccessEntryCommand({ clusterName, principalArn }))),
    });
  } catch (error) {
    // The cluster's creator already has an access entry.
    if (isNamed(error, 'ResourceInUse')) return;
    throw error;
  }
  await eks.send(
    new AssociateAccessPolicyCommand({
      clusterName,
      principalArn,
      policyArn: `arn:aws:eks::aws:cluster-access-policy/${ADMINISTRATOR_POLICY}`,
      accessScope: { type: 'cluster' },
    }),
  );
}
