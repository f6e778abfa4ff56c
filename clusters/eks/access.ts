import { AssociateAccessPolicyCommand, CreateAccessEntryCommand, DeleteAccessEntryCommand } from '@aws-sdk/client-eks';
import { ignoreMissing } from '../../foundation/missing.ts';
import type { EksContext } from './context.ts';
import { isNamed } from './errors.ts';

/** EKS User Guide, "Review access policy permissions". */
export const ADMINISTRATOR_POLICY = 'AmazonEKSClusterAdminPolicy';

/** Makes a principal an administrator of the cluster (EKS User Guide, "Create access entries"). Throws errors of EKS. */
export async function admit(principalArn: string, context: EksContext): Promise<void> {
  const { name: clusterName, eks, partition, tags, undo } = context;
  try {
    await undo.making(
      {
        stage: 'of the cluster',
        what: `access entry of ${principalArn} to cluster ${clusterName}`,
        remove: () => ignoreMissing(() => eks.send(new DeleteAccessEntryCommand({ clusterName, principalArn }))),
      },
      () => eks.send(new CreateAccessEntryCommand({ clusterName, principalArn, tags })),
    );
  } catch (error) {
    // The creator has one by itself, with this very policy.
    if (isNamed(error, 'ResourceInUse')) return;
    throw error;
  }
  await eks.send(
    new AssociateAccessPolicyCommand({
      clusterName,
      principalArn,
      policyArn: `arn:${partition}:eks::aws:cluster-access-policy/${ADMINISTRATOR_POLICY}`,
      accessScope: { type: 'cluster' },
    }),
  );
}
