import { note, type EksCall } from '../call.ts';
import { resourceInUse, resourceLimitExceeded } from '../errors.ts';
import { eksArn, newAssociationId } from '../ids.ts';
import type { Association, Cluster } from '../model.ts';
import type { Subject } from './propagation.ts';
import type { Grant } from './request.ts';

/** Associations that a cluster can have (EKS User Guide, "View and manage Amazon EKS service quotas"). */
const MOST_ASSOCIATIONS = 5000;

/** The parts of an association that never change. */
export interface NewAssociation {
  readonly subject: Subject;
  readonly grant: Grant;
  readonly ownerArn?: string;
  readonly tags: Map<string, string>;
}

/**
 * @throws AwsError `ResourceInUseException` 409 when the service account has an association, and
 * `ResourceLimitExceededException` 400.
 */
export function checkRoomFor(cluster: Cluster, { namespace, serviceAccount }: Subject): void {
  for (const existing of cluster.associations.values()) {
    if (existing.namespace === namespace && existing.serviceAccount === serviceAccount)
      throw resourceInUse(`Association already exists: ${existing.id}`, { clusterName: cluster.name });
  }
  if (cluster.associations.size >= MOST_ASSOCIATIONS)
    throw resourceLimitExceeded(`A cluster can have at most ${MOST_ASSOCIATIONS} pod identity associations.`);
}

/** Makes the association and tells those who act on it. */
export async function addAssociation(call: EksCall, cluster: Cluster, made: NewAssociation): Promise<Association> {
  const { world, account } = call;
  checkRoomFor(cluster, made.subject);
  const id = newAssociationId(world);
  const now = world.clock.now();
  const association: Association = {
    id,
    arn: eksArn(world, account.id, `podidentityassociation/${cluster.name}/${id}`),
    clusterName: cluster.name,
    ...made.subject,
    ...made.grant,
    externalId: externalId(call, cluster, made.subject, made.grant),
    ownerArn: made.ownerArn,
    createdAt: now,
    modifiedAt: now,
    tags: made.tags,
  };
  cluster.associations.set(id, association);
  await tell(call, cluster, association, association);
  return association;
}

export async function changeAssociation(
  call: EksCall,
  cluster: Cluster,
  association: Association,
  grant: Grant,
): Promise<void> {
  Object.assign(association, grant);
  association.externalId = externalId(call, cluster, association, grant);
  association.modifiedAt = call.world.clock.now();
  await tell(call, cluster, association, association);
}

/** Credentials that were given out for the association stay good until they expire. */
export async function removeAssociation(call: EksCall, cluster: Cluster, association: Association): Promise<void> {
  cluster.associations.delete(association.id);
  await tell(call, cluster, association, undefined);
}

/** `<region>/<account>/<cluster>/<namespace>/<service account>`, for associations with a target role. */
function externalId(call: EksCall, cluster: Cluster, subject: Subject, grant: Grant): string | undefined {
  if (grant.targetRoleArn === undefined) return undefined;
  return [call.world.region, call.account.id, cluster.name, subject.namespace, subject.serviceAccount].join('/');
}

async function tell(
  call: EksCall,
  cluster: Cluster,
  subject: Subject,
  association: Association | undefined,
): Promise<void> {
  const failure = await call.state.propagation.changed(cluster, subject, association);
  if (failure !== undefined) note(call, `the cluster could not be told of its associations: ${failure}`);
}
