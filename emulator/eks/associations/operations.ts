import { demandActive, demandOnCluster, theCluster, type EksCall } from '../call.ts';
import { demandCreation, demanded, describeOperation, type ResourceKind } from '../cluster-resources.ts';
import { invalidParameter, resourceNotFound } from '../errors.ts';
import type { Association } from '../model.ts';
import { page } from '../paging.ts';
import { addAssociation, changeAssociation, checkRoomFor, removeAssociation } from './changes.ts';
import { checkBaseRole, readGrant, readSubject } from './request.ts';
import { associationSummary, associationView } from './view.ts';

const ASSOCIATION: ResourceKind<Association> = {
  name: 'PodIdentityAssociation',
  ...{ member: 'association', parameter: 'associationId', view: associationView },
  arn: (clusterName, id = '*') => `podidentityassociation/${clusterName}/${id}`,
  all: ({ associations }) => associations,
  missing: (id, clusterName) =>
    resourceNotFound(`No pod identity association found with id ${id} in cluster ${clusterName}.`, { clusterName }),
};

export async function createPodIdentityAssociation(call: EksCall): Promise<object> {
  const { body, state } = call;
  const tags = demandCreation(ASSOCIATION, call);
  const cluster = theCluster(call);
  const scope = `${cluster.arn} CreatePodIdentityAssociation`;
  const repeated = cluster.associations.get(state.requestTokens.find(scope, body) ?? '');
  if (repeated !== undefined) return { association: associationView(repeated) };

  const subject = readSubject(body);
  const grant = readGrant(body);
  demandActive(cluster);
  checkBaseRole(call, cluster, grant.roleArn);
  checkRoomFor(call, cluster, subject);
  const association = await addAssociation(call, cluster, { subject, grant, tags });
  state.requestTokens.remember(scope, body, association.id);
  return { association: associationView(association) };
}

export const describePodIdentityAssociation = describeOperation(ASSOCIATION);

export function listPodIdentityAssociations(call: EksCall): object {
  demandOnCluster(call, 'eks:ListPodIdentityAssociations');
  const namespace = call.query.get('namespace');
  const serviceAccount = call.query.get('serviceAccount');
  const wanted = [...theCluster(call).associations.listed().values()].filter(
    (association) =>
      (namespace === null || association.namespace === namespace) &&
      (serviceAccount === null || association.serviceAccount === serviceAccount),
  );
  const { items, nextToken } = page(wanted, ({ id }) => id, call.query);
  return { associations: items.map(associationSummary), nextToken };
}

/** Members of an update, of which there must be one (EKS API Reference, "UpdatePodIdentityAssociation"). */
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
  return { association: associationView(association) };
}

export async function deletePodIdentityAssociation(call: EksCall): Promise<object> {
  const { cluster, item: association } = demanded(ASSOCIATION, call, 'eks:DeletePodIdentityAssociation');
  demandActive(cluster);
  await removeAssociation(call, cluster, association);
  return { association: associationView(association) };
}
