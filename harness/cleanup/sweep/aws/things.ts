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
import { awsProblem } from '../../../../foundation/aws/aws-problem.ts';
import { ignoreMissing } from '../../../../foundation/aws/missing.ts';
import type { Resource } from '../../../../foundation/aws/resources.ts';
import { deleteBucket } from '../../../../aws/delete-bucket.ts';
import type { AwsClients } from '../../../../aws/clients.ts';
import type { AccountAlias } from '../../../../foundation/protocols/aliases.ts';
import type { InClusters, ObjectOfARun } from './in-clusters.ts';

interface AwsRemoval {
  readonly clients: AwsClients;
  readonly kubernetes: Pick<InClusters, 'remove'>;
  readonly progress: (line: string) => void;
  readonly timing?: Timing;
}

/** A resource in AWS that can be removed with its contents. A missing one counts as removed. */
export interface Removable extends Pick<Resource, 'name' | 'neededBy'> {
  readonly order: number;
  readonly remove: (removal: AwsRemoval) => Promise<unknown>;
}

export interface AwsThing extends Removable {
  readonly run: string;
  readonly expiresAt: Date;
  readonly account: AccountAlias;
  /** Region of the run. Default: the region where the resource was found. */
  readonly region?: string;
}

/** Removal order: users of a resource are removed before it. */
const REMOVAL_ORDER = [
  'namespace',
  'DaemonSet',
  'association',
  'add-on',
  // Removed last in the cluster, because another run may use the cluster then.
  'Lease',
  'cluster',
  'OIDC provider',
  'bucket',
  'role',
  'policy',
] as const;

const removable = (kind: (typeof REMOVAL_ORDER)[number], name: string, remove: Removable['remove']): Removable => ({
  name: `${kind} ${name}`,
  order: REMOVAL_ORDER.indexOf(kind),
  remove,
});

const inAccount = (name: string, account: AccountAlias): string =>
  account === 'other' ? `${name} in the second account` : name;

export const objectIn = (cluster: string, object: ObjectOfARun): Removable =>
  removable(object.kind, `${object.name} of cluster ${cluster}`, ({ kubernetes }) =>
    kubernetes.remove(cluster, object),
  );

export const associationOf = (clusterName: string, associationId: string, subject: string): Removable =>
  removable('association', `${associationId} of ${subject} in cluster ${clusterName}`, ({ clients: { eks } }) =>
    ignoreMissing(() => eks.send(new DeletePodIdentityAssociationCommand({ clusterName, associationId }))),
  );

export const addonNamed = (cluster: string, name: string): Removable =>
  removable('add-on', `${name} of cluster ${cluster}`, ({ clients: { eks }, progress, timing = TIMING }) =>
    deleteFromEks(addonOf(eks, cluster, name), { progress, timing }),
  );

export const clusterNamed = (name: string): Removable =>
  removable('cluster', name, ({ clients: { eks }, progress, timing = TIMING }) =>
    ignoreMissing(() => deleteWholeCluster(eks, name, { progress, timing })),
  );

export const providerOf = (arn: string, account: AccountAlias): Removable =>
  removable('OIDC provider', inAccount(arn, account), ({ clients: { iam } }) =>
    ignoreMissing(() => iam.send(new DeleteOpenIDConnectProviderCommand({ OpenIDConnectProviderArn: arn }))),
  );

export const bucketNamed = (name: string, account: AccountAlias): Removable =>
  removable('bucket', inAccount(name, account), ({ clients: { s3 } }) => ignoreMissing(() => deleteBucket(s3, name)));

/** A cluster needs its roles in EC2 until it is deleted (EKS User Guide, "Amazon EKS cluster IAM role"). */
export function roleNamed(name: string, account: AccountAlias): Removable {
  const cluster = /^(conformance-c[0-9a-f]{6}-c\d)-(?:cluster|node)$/.exec(name)?.[1];
  return {
    ...removable('role', inAccount(name, account), ({ clients: { iam }, timing = TIMING }) =>
      ignoreMissing(() => removeRole(iam, name, timing)),
    ),
    ...(cluster !== undefined && account === 'main' && { neededBy: `cluster ${cluster}` }),
  };
}

export const policyOf = (arn: string, account: AccountAlias): Removable =>
  removable('policy', inAccount(arn, account), ({ clients: { iam } }) =>
    ignoreMissing(() => iam.send(new DeletePolicyCommand({ PolicyArn: arn }))),
  );

export interface Untouched {
  readonly title: string;
  /** Continues the title, or is a separate clause; without a full stop. */
  readonly why: string;
}

export interface AwsFindings {
  readonly things: readonly AwsThing[];
  /** Resources with a run's name but not its tags, and clusters of others that may not be read. */
  readonly refused: readonly Untouched[];
  /** Resources that may belong to a run but may not be read, with AWS's reason. */
  readonly unseen: readonly Untouched[];
}

/**
 * Deletes a cluster with its add-ons, and its node groups, which must go first (EKS API Reference, "DeleteCluster").
 * Add-ons that cannot be deleted first are deleted with the cluster.
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
      `add-on ${addon} of cluster ${name} will be deleted with the cluster: ${awsProblem(error)?.sentence ?? error.message}`,
    );
  await Promise.all([
    ...addons.map((addon) =>
      deleteFromEks(addonOf(eks, name, addon), patience).catch((error: unknown) => tell(addon, error as Error)),
    ),
    ...groups.map((group) => deleteFromEks(nodeGroupOf(eks, name, group), patience)),
  ]);
  await deleteFromEks(clusterOf(eks, name), patience);
}
