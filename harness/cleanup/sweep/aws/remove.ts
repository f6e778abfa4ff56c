import {
  DeletePodIdentityAssociationCommand,
  paginateListAddons,
  paginateListNodegroups,
  type EKSClient,
} from '@aws-sdk/client-eks';
import { DeleteOpenIDConnectProviderCommand, DeletePolicyCommand } from '@aws-sdk/client-iam';
import {
  addonOf,
  clusterOf,
  deleteFromEks,
  nodeGroupOf,
  removeRole,
  TIMING,
  type Patience,
  type Timing,
} from '../../../../clusters/eks/index.ts';
import { awsProblem } from '../../../../foundation/aws-problem.ts';
import { ignoreMissing } from '../../../../foundation/missing.ts';
import { deleteBucket } from '../../../aws/delete-bucket.ts';
import type { AwsClients } from '../../../aws/target.ts';
import type { InClusters } from './in-clusters.ts';
import type { AwsThing } from './things.ts';

export interface AwsRemoval {
  readonly clients: (account: AwsThing['account']) => AwsClients;
  readonly kubernetes: Pick<InClusters, 'remove'>;
  readonly progress: (line: string) => void;
  /** For tests. */
  readonly timing?: Timing;
}

/** Removes one thing and all that is in it. What is gone already counts as removed. */
export async function removeThing(
  thing: AwsThing,
  { clients, kubernetes, progress, timing = TIMING }: AwsRemoval,
): Promise<void> {
  const { eks, iam, s3 } = clients(thing.account);
  switch (thing.kind) {
    case 'namespace':
    case 'DaemonSet':
    case 'Lease':
      return kubernetes.remove(thing.cluster, { ...thing, expires: thing.expiresAt.toISOString() });
    case 'association':
      return ignoreMissing(() =>
        eks.send(new DeletePodIdentityAssociationCommand({ clusterName: thing.cluster, associationId: thing.id })),
      );
    case 'add-on':
      return deleteFromEks(addonOf(eks, thing.cluster, thing.name), { progress, timing });
    case 'cluster':
      return ignoreMissing(() => deleteWholeCluster(eks, thing.name, { progress, timing }));
    case 'OIDC provider':
      return ignoreMissing(() =>
        iam.send(new DeleteOpenIDConnectProviderCommand({ OpenIDConnectProviderArn: thing.arn })),
      );
    case 'bucket':
      return ignoreMissing(() => deleteBucket(s3, thing.name));
    case 'role':
      return ignoreMissing(() => removeRole(iam, thing.name, timing));
    case 'policy':
      return ignoreMissing(() => iam.send(new DeletePolicyCommand({ PolicyArn: thing.arn })));
  }
}

/**
 * Deletes a cluster with its add-ons, and with its node groups, which EKS asks for (EKS API Reference, "DeleteCluster"). An
 * add-on that does not go by itself goes with its cluster.
 */
async function deleteWholeCluster(eks: EKSClient, name: string, patience: Patience): Promise<void> {
  const addons: string[] = [];
  for await (const page of paginateListAddons({ client: eks }, { clusterName: name }))
    addons.push(...(page.addons ?? []));
  const groups: string[] = [];
  for await (const page of paginateListNodegroups({ client: eks }, { clusterName: name }))
    groups.push(...(page.nodegroups ?? []));
  const tell = (addon: string, error: Error): void =>
    patience.progress(
      `add-on ${addon} of cluster ${name} is left to the deletion of the cluster: ${awsProblem(error)?.sentence ?? error.message}`,
    );
  await Promise.all([
    ...addons.map((addon) =>
      deleteFromEks(addonOf(eks, name, addon), patience).catch((error: unknown) => tell(addon, error as Error)),
    ),
    ...groups.map((group) => deleteFromEks(nodeGroupOf(eks, name, group), patience)),
  ]);
  await deleteFromEks(clusterOf(eks, name), patience);
}
