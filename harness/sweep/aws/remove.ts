import {
  DeleteAddonCommand,
  DeleteClusterCommand,
  DeleteNodegroupCommand,
  DeletePodIdentityAssociationCommand,
  DescribeAddonCommand,
  DescribeClusterCommand,
  DescribeNodegroupCommand,
  paginateListAddons,
  paginateListNodegroups,
  type EKSClient,
} from '@aws-sdk/client-eks';
import {
  DeleteOpenIDConnectProviderCommand,
  DeletePolicyCommand,
  DeleteRoleCommand,
  DeleteRolePolicyCommand,
  DetachRolePolicyCommand,
  paginateListAttachedRolePolicies,
  paginateListRolePolicies,
  type IAMClient,
} from '@aws-sdk/client-iam';
import {
  DeleteBucketCommand,
  DeleteBucketPolicyCommand,
  DeleteObjectsCommand,
  paginateListObjectsV2,
  type S3Client,
} from '@aws-sdk/client-s3';
import { deleteFromEks, healthOf, TIMING, type Timing } from '../../../clusters/eks/index.ts';
import { ignoreMissing } from '../../../clusters/missing.ts';
import type { AwsClients } from '../../aws/target.ts';
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
      return deleteAddon(eks, thing.cluster, thing.name, { progress, timing });
    case 'cluster':
      return ignoreMissing(() => deleteCluster(eks, thing.name, { progress, timing }));
    case 'OIDC provider':
      return ignoreMissing(() =>
        iam.send(new DeleteOpenIDConnectProviderCommand({ OpenIDConnectProviderArn: thing.arn })),
      );
    case 'bucket':
      return ignoreMissing(() => deleteBucket(s3, thing.name));
    case 'role':
      return ignoreMissing(() => deleteRole(iam, thing.name));
    case 'policy':
      return ignoreMissing(() => iam.send(new DeletePolicyCommand({ PolicyArn: thing.arn })));
  }
}

type Patience = Required<Pick<AwsRemoval, 'progress' | 'timing'>>;

/** EKS deletes nothing that it is still making, and a run may have been killed just then: that is waited for. */
const deleteAddon = (eks: EKSClient, clusterName: string, addonName: string, patience: Patience): Promise<void> => {
  const which = { clusterName, addonName };
  return deleteFromEks(
    {
      what: `add-on ${addonName} of cluster ${clusterName}`,
      ask: () => eks.send(new DeleteAddonCommand(which)),
      describe: async () => statusOf((await eks.send(new DescribeAddonCommand(which))).addon),
    },
    patience,
  );
};

const deleteNodeGroup = (eks: EKSClient, clusterName: string, name: string, patience: Patience): Promise<void> => {
  const which = { clusterName, nodegroupName: name };
  return deleteFromEks(
    {
      what: `node group ${name} of cluster ${clusterName}`,
      ask: () => eks.send(new DeleteNodegroupCommand(which)),
      describe: async () => statusOf((await eks.send(new DescribeNodegroupCommand(which))).nodegroup),
    },
    patience,
  );
};

async function deleteCluster(eks: EKSClient, name: string, patience: Patience): Promise<void> {
  const addons: string[] = [];
  for await (const page of paginateListAddons({ client: eks }, { clusterName: name }))
    addons.push(...(page.addons ?? []));
  const groups: string[] = [];
  for await (const page of paginateListNodegroups({ client: eks }, { clusterName: name }))
    groups.push(...(page.nodegroups ?? []));
  await Promise.all([
    ...addons.map((addon) => deleteAddon(eks, name, addon, patience)),
    ...groups.map((group) => deleteNodeGroup(eks, name, group, patience)),
  ]);
  await deleteFromEks(
    {
      what: `cluster ${name}`,
      ask: () => eks.send(new DeleteClusterCommand({ name })),
      describe: async () => statusOf((await eks.send(new DescribeClusterCommand({ name }))).cluster),
    },
    patience,
  );
}

const statusOf = (
  thing: { readonly status?: string | undefined; readonly health?: Parameters<typeof healthOf>[0] } | undefined,
) => ({ status: thing?.status ?? 'unknown', health: healthOf(thing?.health) });

async function deleteBucket(s3: S3Client, Bucket: string): Promise<void> {
  // It may deny what follows.
  await s3.send(new DeleteBucketPolicyCommand({ Bucket }));
  for await (const page of paginateListObjectsV2({ client: s3 }, { Bucket })) {
    const Objects = (page.Contents ?? []).map(({ Key = '' }) => ({ Key }));
    if (Objects.length > 0) await s3.send(new DeleteObjectsCommand({ Bucket, Delete: { Objects, Quiet: true } }));
  }
  await s3.send(new DeleteBucketCommand({ Bucket }));
}

async function deleteRole(iam: IAMClient, RoleName: string): Promise<void> {
  for await (const page of paginateListRolePolicies({ client: iam }, { RoleName }))
    for (const PolicyName of page.PolicyNames ?? [])
      await ignoreMissing(() => iam.send(new DeleteRolePolicyCommand({ RoleName, PolicyName })));
  for await (const page of paginateListAttachedRolePolicies({ client: iam }, { RoleName }))
    for (const { PolicyArn } of page.AttachedPolicies ?? [])
      await ignoreMissing(() => iam.send(new DetachRolePolicyCommand({ RoleName, PolicyArn })));
  await iam.send(new DeleteRoleCommand({ RoleName }));
}
