import { association, where } from './forms.ts';
import { anyNumber, opt, text } from '../scenario/form.ts';
import {
  DeletePodIdentityAssociationCommand,
  DescribePodIdentityAssociationCommand,
  paginateListPodIdentityAssociations,
  UpdatePodIdentityAssociationCommand,
  type EKSClient,
  type PodIdentityAssociation,
} from '@aws-sdk/client-eks';
import { whenChanged, whenRead } from '../scenario/retry-rules.ts';
import type { ScenarioContext } from '../scenario/scenario-context.ts';
import {
  DEFAULT,
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

interface OfAssociation extends OfCluster {
  readonly associationId: string;
}

interface ListOptions extends Where {
  readonly namespace?: string;
  readonly serviceAccount?: string;
  readonly maxResults?: number;
}

const common = {
  refersTo: ({ cluster }: OfCluster) => ({ clusters: [cluster] }),
  needs: () => ['associations'] as const,
};

const keyOf = (context: ScenarioContext, operation: OfAssociation) => ({
  clusterName: nameOf(context, operation),
  associationId: operation.associationId,
});

/** Calls UpdatePodIdentityAssociation. Omitted members are not sent. */
export const changeAssociation = defineEksOperation(
  'UpdatePodIdentityAssociation',
  (associationId: string, association: AssociationRequest, where: Where = {}) => ({
    associationId,
    association,
    ...DEFAULT,
    ...where,
  }),
  {
    ...common,
    form: { ...where, associationId: text, association },
    refersTo: ({ cluster, association }) => ({
      clusters: [cluster],
      roles: [association.role, association.targetRole ?? undefined],
    }),
    describe: (operation, say) => [
      say.text(operation.associationId),
      associationWords(operation.association, say),
      whereWords(operation, say),
    ],
    mayDiffer: whenChanged,
    facts: async (context, operation, eks) => {
      const input = { ...keyOf(context, operation), ...requested(context, operation.association) };
      return associationFacts((await eks.send(new UpdatePodIdentityAssociationCommand(input))).association);
    },
  },
);

const ofAssociation = (
  name: string,
  mayDiffer: typeof whenChanged,
  send: (
    eks: EKSClient,
    key: ReturnType<typeof keyOf>,
  ) => Promise<{ association?: PodIdentityAssociation | undefined }>,
) =>
  defineEksOperation(name, (associationId: string, where: Where = {}) => ({ associationId, ...DEFAULT, ...where }), {
    ...common,
    form: { ...where, associationId: text },
    describe: (operation, say) => [say.text(operation.associationId), whereWords(operation, say)],
    mayDiffer,
    facts: async (context, operation, eks) =>
      associationFacts((await send(eks, keyOf(context, operation))).association),
  });

export const describeAssociation = ofAssociation('DescribePodIdentityAssociation', whenRead, (eks, key) =>
  eks.send(new DescribePodIdentityAssociationCommand(key)),
);

export const removeAssociation = ofAssociation('DeletePodIdentityAssociation', whenChanged, (eks, key) =>
  eks.send(new DeletePodIdentityAssociationCommand(key)),
);

export const listAssociations = defineEksOperation(
  'ListPodIdentityAssociations',
  (options: ListOptions = {}) => ({ ...DEFAULT, ...options }),
  {
    ...common,
    form: { ...where, namespace: opt(text), serviceAccount: opt(text), maxResults: opt(anyNumber) },
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
    facts: async (context, operation, eks) => {
      const { namespace, serviceAccount, maxResults } = operation;
      const ids: string[] = [];
      let pages = 0;
      const input = {
        clusterName: nameOf(context, operation),
        namespace: namespace === undefined ? undefined : context.names.namespace(namespace),
        serviceAccount,
        maxResults,
      };
      for await (const page of paginateListPodIdentityAssociations({ client: eks }, input)) {
        pages += 1;
        for (const association of page.associations ?? [])
          ids.push(`${association.namespace}/${association.serviceAccount}`);
      }
      return { count: ids.length, pages, distinct: new Set(ids).size };
    },
  },
);
