import { externalIdOf } from '../../../identity/pod-identity.ts';
import { note, type EksCall } from '../call.ts';
import { resourceInUse, resourceLimitExceeded } from '../errors.ts';
import { eksArn, newId } from '../ids.ts';
import type { Association, Cluster, ServiceAccountKey } from '../../world/eks-model.ts';
import { subjectKey } from './propagation.ts';
import type { Grant } from './request.ts';

/** The immutable parts of an association. */
interface NewAssociation {
  readonly subject: ServiceAccountKey;
  readonly grant: Grant;
  readonly ownerArn?: string;
  readonly tags: Map<string, string>;
}

/** Throws `ResourceInUseException` (409), also during `delays.reuse`, or `ResourceLimitExceededException`. */
export function checkRoomFor(call: EksCall, cluster: Cluster, subject: ServiceAccountKey): void {
  const { namespace, serviceAccount } = subject;
  const existing = [...cluster.associations.values()].find(
    (association) => association.namespace === namespace && association.serviceAccount === serviceAccount,
  );
  const id = existing?.id ?? call.state.background.held(holdName(cluster, subject));
  if (id !== undefined) throw resourceInUse(`Association already exists: ${id}`, { clusterName: cluster.name });
  const most = call.world.settings.quotas.associations;
  if (cluster.associations.size >= most)
    throw resourceLimitExceeded(`A cluster can have at most ${most} pod identity associations.`);
}

export async function addAssociation(call: EksCall, cluster: Cluster, made: NewAssociation): Promise<Association> {
  const { world, account } = call;
  checkRoomFor(call, cluster, made.subject);
  const id = newId(world, 'a');
  const now = world.clock.now();
  const association: Association = {
    id,
    arn: eksArn(world, account.id, `podidentityassociation/${cluster.name}/${id}`),
    clusterName: cluster.name,
    ...made.subject,
    ...made.grant,
    externalId: externalId(cluster, made.subject, made.grant),
    ownerArn: made.ownerArn,
    createdAt: now,
    modifiedAt: now,
    tags: made.tags,
  };
  cluster.associations.set(id, association);
  await notifyCluster(call, cluster, association, association);
  return association;
}

export async function changeAssociation(
  call: EksCall,
  cluster: Cluster,
  association: Association,
  grant: Grant,
): Promise<void> {
  Object.assign(association, grant);
  association.externalId = externalId(cluster, association, grant);
  association.modifiedAt = call.world.clock.now();
  await notifyCluster(call, cluster, association, association);
}

/** Issued credentials remain valid until they expire. */
export async function removeAssociation(call: EksCall, cluster: Cluster, association: Association): Promise<void> {
  cluster.associations.delete(association.id);
  call.state.background.hold(holdName(cluster, association), association.id);
  await notifyCluster(call, cluster, association, undefined);
}

function holdName(cluster: Cluster, subject: ServiceAccountKey): string {
  return `${cluster.arn} association ${subjectKey(subject)}`;
}

/** Only associations with a target role have an external id. */
const externalId = (cluster: Cluster, subject: ServiceAccountKey, { targetRoleArn }: Grant): string | undefined =>
  targetRoleArn === undefined ? undefined : externalIdOf(cluster, subject);

async function notifyCluster(
  call: EksCall,
  cluster: Cluster,
  subject: ServiceAccountKey,
  association: Association | undefined,
): Promise<void> {
  const failure = await call.state.propagation.changed(cluster, subject, association);
  if (failure !== undefined) note(call, `the cluster was not notified of its associations: ${failure}`);
}
