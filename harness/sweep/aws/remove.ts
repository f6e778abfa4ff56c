import {
  DeleteAddonCommand,
  DeleteClusterCommand,
  DeleteNodegroupCommand,
  DeletePodIdentityAssociationCommand,
  DescribeClusterCommand,
  paginateListAddons,
  paginateListNodegroups,
  waitUntilAddonDeleted,
  waitUntilClusterDeleted,
  waitUntilNodegroupDeleted,
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
import { DeleteBucketCommand, DeleteObjectsCommand, paginateListObjectsV2, type S3Client } from '@aws-sdk/client-s3';
import { setTimeout as sleep } from 'node:timers/promises';
import type { AwsClients } from '../../aws/target.ts';
import type { InClusters } from './in-clusters.ts';
import type { AwsThing } from './things.ts';

export interface AwsRemoval {
  readonly clients: (account: AwsThing['account']) => AwsClients;
  readonly kubernetes: Pick<InClusters, 'remove'>;
  readonly progress: (line: string) => void;
}

/** Seconds between looks at what AWS is still deleting, and until that is given up. */
const WAIT = { minDelay: 1, maxDelay: 15, maxWaitTime: 1800 } as const;

/** Removes one thing and all that is in it. What is gone already counts as removed. */
export async function removeThing(thing: AwsThing, { clients, kubernetes, progress }: AwsRemoval): Promise<void> {
  const { eks, iam, s3 } = clients(thing.account);
  switch (thing.kind) {
    case 'namespace':
    case 'DaemonSet':
    case 'Lease':
      return kubernetes.remove(thing.cluster, { ...thing, expires: thing.expiresAt.toISOString() });
    case 'association':
      return unlessGone(() =>
        eks.send(new DeletePodIdentityAssociationCommand({ clusterName: thing.cluster, associationId: thing.id })),
      );
    case 'add-on':
      return deleteAddon(eks, thing.cluster, thing.name);
    case 'cluster':
      return unlessGone(() => deleteCluster(eks, thing.name, progress));
    case 'OIDC provider':
      return unlessGone(() =>
        iam.send(new DeleteOpenIDConnectProviderCommand({ OpenIDConnectProviderArn: thing.arn })),
      );
    case 'bucket':
      return unlessGone(() => deleteBucket(s3, thing.name));
    case 'role':
      return unlessGone(() => deleteRole(iam, thing.name));
    case 'policy':
      return unlessGone(() => iam.send(new DeletePolicyCommand({ PolicyArn: thing.arn })));
  }
}

async function deleteAddon(eks: EKSClient, clusterName: string, addonName: string): Promise<void> {
  await unlessGone(() => eks.send(new DeleteAddonCommand({ clusterName, addonName })));
  await waitUntilAddonDeleted({ client: eks, ...WAIT }, { clusterName, addonName });
}

async function deleteCluster(eks: EKSClient, name: string, progress: (line: string) => void): Promise<void> {
  const describe = async (): Promise<string | undefined> =>
    (await eks.send(new DescribeClusterCommand({ name }))).cluster?.status;
  // EKS deletes no cluster that it is still making.
  for (let status = await describe(); status === 'CREATING' || status === 'UPDATING'; status = await describe()) {
    progress(`cluster ${name} is ${status}: it can be deleted when that is over`);
    await sleep(WAIT.maxDelay * 1000);
  }
  const addons: string[] = [];
  for await (const page of paginateListAddons({ client: eks }, { clusterName: name }))
    addons.push(...(page.addons ?? []));
  const groups: string[] = [];
  for await (const page of paginateListNodegroups({ client: eks }, { clusterName: name }))
    groups.push(...(page.nodegroups ?? []));
  await Promise.all([
    ...addons.map((addon) => deleteAddon(eks, name, addon)),
    ...groups.map(async (nodegroupName) => {
      await unlessGone(
        () => eks.send(new DeleteNodegroupCommand({ clusterName: name, nodegroupName })),
        ['ResourceInUseException'],
      );
      await waitUntilNodegroupDeleted({ client: eks, ...WAIT }, { clusterName: name, nodegroupName });
    }),
  ]);
  // In use: somebody deletes it already.
  await unlessGone(() => eks.send(new DeleteClusterCommand({ name })), ['ResourceInUseException']);
  await waitUntilClusterDeleted({ client: eks, ...WAIT }, { name });
}

async function deleteBucket(s3: S3Client, Bucket: string): Promise<void> {
  for await (const page of paginateListObjectsV2({ client: s3 }, { Bucket })) {
    const Objects = (page.Contents ?? []).map(({ Key = '' }) => ({ Key }));
    if (Objects.length > 0) await s3.send(new DeleteObjectsCommand({ Bucket, Delete: { Objects, Quiet: true } }));
  }
  await s3.send(new DeleteBucketCommand({ Bucket }));
}

async function deleteRole(iam: IAMClient, RoleName: string): Promise<void> {
  for await (const page of paginateListRolePolicies({ client: iam }, { RoleName }))
    for (const PolicyName of page.PolicyNames ?? [])
      await unlessGone(() => iam.send(new DeleteRolePolicyCommand({ RoleName, PolicyName })));
  for await (const page of paginateListAttachedRolePolicies({ client: iam }, { RoleName }))
    for (const { PolicyArn } of page.AttachedPolicies ?? [])
      await unlessGone(() => iam.send(new DetachRolePolicyCommand({ RoleName, PolicyArn })));
  await iam.send(new DeleteRoleCommand({ RoleName }));
}

const GONE: readonly string[] = ['NoSuchEntity', 'NoSuchEntityException', 'NoSuchBucket', 'ResourceNotFoundException'];

async function unlessGone(remove: () => Promise<unknown>, alsoFine: readonly string[] = []): Promise<void> {
  try {
    await remove();
  } catch (error) {
    if (![...GONE, ...alsoFine].includes((error as Error).name)) throw error;
  }
}
