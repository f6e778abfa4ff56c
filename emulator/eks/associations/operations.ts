import { demandActive, type EksCall } from '../call.ts';
import { createOperation, demanded, type ResourceKind } from '../cluster-resources.ts';
import { epochSeconds } from '../cluster-view.ts';
import { invalidParameter, resourceNotFound } from '../errors.ts';
import type { Association } from '../../world/eks-model.ts';
import { addAssociation, changeAssociation, checkRoomFor, removeAssociation } from './changes.ts';
import { checkBaseRole, readGrant, readSubject } from './request.ts';

export const ASSOCIATION: ResourceKind<Association> = {
  name: 'PodIdentityAssociation',
  path: 'pod-identity-associations',
  member: 'association',
  parameter: 'associationId',
  view,
  summary,
  arn: (clusterName, id = '*') => `podidentityassociation/${clusterName}/${id}`,
  all: ({ associations }) => associations,
  missing: (id, clusterName) =>
    resourceNotFound(`No pod identity association found with id ${id} in cluster ${clusterName}.`, { clusterName }),
  isWanted: (association, query) =>
    (['namespace', 'serviceAccount'] as const).every((name) => [null, association[name]].includes(query.get(name))),
};

export const createPodIdentityAssociation = createOperation(ASSOCIATION, async (call, cluster, tags, remember) => {
  const subject = readSubject(call.body);
  const grant = readGrant(call.body);
  demandActive(cluster);
  checkBaseRole(call, cluster, grant.roleArn);
  checkRoomFor(call, cluster, subject);
  const association = await addAssociation(call, cluster, { subject, grant, tags });
  remember(association.id);
  return association;
});

/** An update needs at least one of them (EKS API Reference, "UpdatePodIdentityAssociation"). */
const CHANGES = ['roleArn', 'targetRoleArn', 'disableSessionTags', 'policy'];

export async function updatePodIdentityAssociation(call: EksCall): Promise<object> {
  const { cluster, item: association } = demanded(ASSOCIATION, call, 'eks:UpdatePodIdentityAssociation');
  const { body, state } = call;
  const scope = `${association.arn} UpdatePodIdentityAssociation`;
  if (state.requestTokens.find(scope, body) === undefined) {
    if (!CHANGES.some((name) => (body[name] ?? undefined) !== undefined))
      throw invalidParameter(`An update must change one of ${CHANGES.join(', ')}.`);
    const grant = readGrant(body, association);
    demandActive(cluster);
    if (grant.roleArn !== association.roleArn) checkBaseRole(call, cluster, grant.roleArn);
    state.requestTokens.remember(scope, body, association.id);
    await changeAssociation(call, cluster, association, grant);
  }
  return { association: view(association) };
}

export async function deletePodIdentityAssociation(call: EksCall): Promise<object> {
  const { cluster, item: association } = demanded(ASSOCIATION, call, 'eks:DeletePodIdentityAssociation');
  demandActive(cluster);
  await removeAssociation(call, cluster, association);
  return { association: view(association) };
}

/** EKS API Reference, "PodIdentityAssociation". */
function view(association: Association): object {
  return {
    ...summary(association),
    roleArn: association.roleArn,
    createdAt: epochSeconds(association.createdAt),
    modifiedAt: epochSeconds(association.modifiedAt),
    disableSessionTags: association.disableSessionTags,
    targetRoleArn: association.targetRoleArn,
    externalId: association.externalId,
    policy: association.policy,
    tags: Object.fromEntries(association.tags),
  };
}

/** EKS API Reference, "PodIdentityAssociationSummary"; it omits the role. */
function summary(association: Association): object {
  return {
    clusterName: association.clusterName,
    namespace: association.namespace,
    serviceAccount: association.serviceAccount,
    associationArn: association.arn,
    associationId: association.id,
    ownerArn: association.ownerArn,
  };
}
