/** EKS' operations on associations that there are. */
import {
  DeletePodIdentityAssociationCommand,
  DescribePodIdentityAssociationCommand,
  paginateListPodIdentityAssociations,
  UpdatePodIdentityAssociationCommand,
  type EKSClient,
} from '@aws-sdk/client-eks';
import { whenChanged, whenRead } from '../consistency/retry-rules.ts';
import type { HarnessOperation } from '../scenario/spec.ts';
import type { ScenarioWorld } from '../world/world.ts';
import type { Facts } from './admission.ts';
import {
  associationFacts,
  associationWords,
  defineEksOperation,
  nameOf,
  requested,
  whereWords,
  type AssociationRequest,
  type OfCluster,
  type Where,
} from './eks.ts';

interface OfAssociation extends HarnessOperation, OfCluster {
  readonly associationId: string;
}

interface UpdateAssociation extends OfAssociation {
  readonly association: AssociationRequest;
}

interface ListOptions {
  readonly namespace?: string;
  readonly serviceAccount?: string;
  readonly maxResults?: number;
}

interface ListAssociations extends HarnessOperation, OfCluster, ListOptions {}

/** UpdatePodIdentityAssociation: what the change leaves out is not sent. */
export const changeAssociation = (
  associationId: string,
  association: AssociationRequest,
  where: Where = {},
): UpdateAssociation => ({
  do: 'UpdatePodIdentityAssociation',
  cluster: 'c1',
  associationId,
  association,
  ...where,
});

export const describeAssociation = (associationId: string, where: Where = {}): OfAssociation => ({
  do: 'DescribePodIdentityAssociation',
  cluster: 'c1',
  associationId,
  ...where,
});

export const removeAssociation = (associationId: string, where: Where = {}): OfAssociation => ({
  do: 'DeletePodIdentityAssociation',
  cluster: 'c1',
  associationId,
  ...where,
});

export const listAssociations = (options: Where & ListOptions = {}): ListAssociations => ({
  do: 'ListPodIdentityAssociations',
  cluster: 'c1',
  ...options,
});

const common = {
  refersTo: ({ cluster }: OfCluster) => ({ clusters: [cluster] }),
  needs: () => ['associations'] as const,
};

const keyOf = (world: ScenarioWorld, operation: OfAssociation) => ({
  clusterName: nameOf(world, operation),
  associationId: operation.associationId,
});

defineEksOperation<UpdateAssociation>({
  ...common,
  name: 'UpdatePodIdentityAssociation',
  refersTo: ({ cluster, association }) => ({
    clusters: [cluster],
    roles: [association.role, association.targetRole],
  }),
  describe: (operation, say) => [
    say.text(operation.associationId),
    associationWords(operation.association, say),
    whereWords(operation, say),
  ],
  mayDiffer: whenChanged,
  facts: async (world, operation, eks) => {
    const input = { ...keyOf(world, operation), ...requested(world, operation.association) };
    return associationFacts((await eks.send(new UpdatePodIdentityAssociationCommand(input))).association);
  },
});

defineEksOperation<OfAssociation>({
  ...common,
  name: 'DescribePodIdentityAssociation',
  describe: (operation, say) => [say.text(operation.associationId), whereWords(operation, say)],
  mayDiffer: whenRead,
  facts: async (world, operation, eks) =>
    associationFacts((await eks.send(new DescribePodIdentityAssociationCommand(keyOf(world, operation)))).association),
});

defineEksOperation<OfAssociation>({
  ...common,
  name: 'DeletePodIdentityAssociation',
  describe: (operation, say) => [say.text(operation.associationId), whereWords(operation, say)],
  mayDiffer: whenChanged,
  facts: async (world, operation, eks) =>
    associationFacts((await eks.send(new DeletePodIdentityAssociationCommand(keyOf(world, operation)))).association),
});

defineEksOperation<ListAssociations>({
  ...common,
  name: 'ListPodIdentityAssociations',
  describe: (operation, say) => {
    const { namespace, serviceAccount, maxResults } = operation;
    return [
      namespace === undefined ? '' : `of namespace ${namespace}`,
      serviceAccount === undefined ? '' : `of service account ${serviceAccount}`,
      maxResults === undefined ? '' : `in pages of ${maxResults}`,
      whereWords(operation, say),
    ];
  },
  mayDiffer: whenRead,
  facts: listAll,
});

async function listAll(world: ScenarioWorld, operation: ListAssociations, eks: EKSClient): Promise<Facts> {
  const found: string[] = [];
  let pages = 0;
  const { namespace, serviceAccount, maxResults } = operation;
  const input = {
    clusterName: nameOf(world, operation),
    namespace: namespace === undefined ? undefined : world.names.namespace(namespace),
    ...{ serviceAccount, maxResults },
  };
  for await (const page of paginateListPodIdentityAssociations({ client: eks }, input)) {
    pages += 1;
    for (const association of page.associations ?? [])
      found.push(`${association.namespace}/${association.serviceAccount}`);
  }
  return { count: found.length, pages, distinct: new Set(found).size };
}
