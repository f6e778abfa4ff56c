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

/** What things are removed with. */
export interface AwsRemoval {
  /** In the account of the thing. */
  readonly clients: AwsClients;
  readonly kubernetes: Pick<InClusters, 'remove'>;
  readonly progress: (line: string) => void;
  /** For tests. */
  readonly timing?: Timing;
}

/** Something in AWS, and how it is removed with all that is in it. What is gone already counts as removed. */
export interface Removable extends Pick<Resource, 'name' | 'neededBy'> {
  readonly order: number;
  readonly remove: (removal: AwsRemoval) => Promise<unknown>;
}

/** Something in AWS that carries the tags of a run. */
export interface AwsThing extends Removable {
  readonly run: string;
  readonly expiresAt: Date;
  readonly account: AccountAlias;
  /** Of the run. Undefined: where it was found. */
  readonly region?: string;
}

/** In this order: what uses something goes before it. */
const REMOVAL_ORDER = [
  'namespace',
  'DaemonSet',
  'association',
  'add-on',
  // The last in the cluster: another run may use it from then on.
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

/**
 * With its roles a cluster works in EC2 (EKS User Guide, "Amazon EKS cluster IAM role"), also while it is being deleted: they
 * stay as long as it does.
 */
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

/** Something that is left as it is. */
export interface Untouched {
  /** As the `name` of a thing. */
  readonly title: string;
  /** Goes on from the title, or is a clause of its own; no full stop. */
  readonly why: string;
}

/** What there is of runs. */
export interface AwsFindings {
  readonly things: readonly AwsThing[];
  /** What has the name of a run and not its tags, and clusters of others that may not be looked into. */
  readonly refused: readonly Untouched[];
  /** What may be a run's and may not be looked at, with AWS' reason. */
  readonly unseen: readonly Untouched[];
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
