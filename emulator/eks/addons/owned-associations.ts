import { demand, demandOnCluster, type EksCall } from '../call.ts';
import { addAssociation, changeAssociation, checkRoomFor, removeAssociation } from '../associations/changes.ts';
import { checkBaseRole, readGrant, readServiceAccount, type Grant } from '../associations/request.ts';
import { invalidParameter } from '../errors.ts';
import { optionalObjects, resourceTagContext } from '../input.ts';
import type { Addon, Association, Cluster } from '../../world/eks-model.ts';
import type { CatalogueEntry } from './catalogue.ts';

interface WantedAssociation {
  readonly serviceAccount: string;
  readonly grant: Grant;
}

/**
 * Reads `podIdentityAssociations`; undefined if absent. Changes need the caller's permissions (CloudFormation,
 * AWS::EKS::Addon). An add-on cannot take over an existing association (EKS User Guide, "Attach an IAM Role").
 */
export function readOwnedAssociations(
  call: EksCall,
  cluster: Cluster,
  entry: CatalogueEntry,
  addon?: Addon,
): readonly WantedAssociation[] | undefined {
  const wanted = optionalObjects(call.body, 'podIdentityAssociations')?.map((item) => {
    const serviceAccount = readServiceAccount(item);
    if (!entry.serviceAccounts.includes(serviceAccount))
      throw invalidParameter(
        `The service account ${serviceAccount} of add-on ${entry.name} does not support pod identity associations.`,
        { addonName: entry.name },
      );
    return { serviceAccount, grant: readGrant(item) };
  });
  if (new Set(wanted?.map((item) => item.serviceAccount)).size < (wanted?.length ?? 0))
    throw invalidParameter('podIdentityAssociations names a service account twice.');
  const owned = addon === undefined ? [] : ownedAssociations(cluster, addon);
  for (const { serviceAccount, grant } of wanted ?? []) {
    demandOnCluster(call, 'eks:CreatePodIdentityAssociation');
    checkBaseRole(call, cluster, grant.roleArn);
    if (!owned.some((association) => association.serviceAccount === serviceAccount))
      checkRoomFor(call, cluster, { namespace: entry.namespace, serviceAccount });
  }
  if (wanted !== undefined)
    demandDeletion(
      call,
      owned.filter((association) => !wanted.some((item) => item.serviceAccount === association.serviceAccount)),
    );
  return wanted;
}

export function demandDeletion(call: EksCall, associations: readonly Association[]): void {
  for (const { arn, tags } of associations)
    demand(call, 'eks:DeletePodIdentityAssociation', arn, resourceTagContext(tags));
}

/** Creates, changes and deletes associations until they match the wanted ones. */
export async function settleOwnedAssociations(
  call: EksCall,
  cluster: Cluster,
  addon: Addon,
  entry: CatalogueEntry,
  wanted: readonly WantedAssociation[],
): Promise<void> {
  const owned = ownedAssociations(cluster, addon);
  for (const association of owned) {
    if (!wanted.some((item) => item.serviceAccount === association.serviceAccount))
      await removeAssociation(call, cluster, association);
  }
  for (const { serviceAccount, grant } of wanted) {
    const existing = owned.find((association) => association.serviceAccount === serviceAccount);
    if (existing !== undefined) await changeAssociation(call, cluster, existing, grant);
    else {
      const subject = { namespace: entry.namespace, serviceAccount };
      await addAssociation(call, cluster, { subject, grant, ownerArn: addon.arn, tags: new Map() });
    }
  }
}

export function ownedAssociations(cluster: Cluster, addon: Addon): readonly Association[] {
  return [...cluster.associations.values()].filter((association) => association.ownerArn === addon.arn);
}
