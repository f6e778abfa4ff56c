import {
  DescribeAddonCommand,
  DescribeClusterCommand,
  DescribePodIdentityAssociationCommand,
  paginateListClusters,
  paginateListPodIdentityAssociations,
  type Cluster,
} from '@aws-sdk/client-eks';
import {
  ListOpenIDConnectProviderTagsCommand,
  ListOpenIDConnectProvidersCommand,
  ListPolicyTagsCommand,
  ListRoleTagsCommand,
  paginateListPolicies,
  paginateListRoles,
} from '@aws-sdk/client-iam';
import { GetBucketTaggingCommand, paginateListBuckets } from '@aws-sdk/client-s3';
import { AGENT_ADDON } from '../../../clusters/agent-addon.ts';
import { awsProblem } from '../../../clusters/aws-problem.ts';
import { isMissing } from '../../../clusters/missing.ts';
import type { AwsClients, AwsService } from '../../aws/target.ts';
import type { AccountAlias } from '../../scenario/policy.ts';
import type { InClusters } from './in-clusters.ts';
import { hasNameOfARun, markOf, readTags, tagRecord } from './tags.ts';
import type { AwsFindings, AwsThing } from './things.ts';

export interface Look {
  readonly clients: AwsClients;
  /** Those that are there. Default: all. */
  readonly services: readonly AwsService[] | undefined;
  readonly account: AccountAlias;
  readonly kubernetes: Pick<InClusters, 'find'>;
}

type Found = { readonly thing: AwsThing } | { readonly refused: string } | undefined;

/**
 * Looks for what runs left in an account, by name and tags. Changes nothing. What is deleted while it looks is passed over.
 *
 * Roles, policies, buckets and clusters count when name and tags name the same run; associations, add-ons and OIDC providers,
 * whose names are not the run's own, by their tags.
 */
export async function findInAccount({ clients, services, account, kubernetes }: Look): Promise<AwsFindings> {
  const has = (service: AwsService): boolean => services?.includes(service) ?? true;
  const parts = await Promise.all([
    ...(has('iam') ? [roles(clients, account), policies(clients, account), providers(clients, account)] : []),
    ...(has('s3') ? [buckets(clients, account)] : []),
    ...(has('eks') && account === 'main' ? [clusters(clients, kubernetes)] : []),
  ]);
  const found = parts.flat();
  return {
    things: found.flatMap((one) => (one !== undefined && 'thing' in one ? [one.thing] : [])),
    refused: found.flatMap((one) => (one !== undefined && 'refused' in one ? [one.refused] : [])),
  };
}

async function roles({ iam }: AwsClients, account: AccountAlias): Promise<Found[]> {
  const names: string[] = [];
  for await (const page of paginateListRoles({ client: iam }, {}))
    names.push(...(page.Roles ?? []).map((role) => role.RoleName ?? '').filter(hasNameOfARun));
  return each(names, async (name) => {
    const { Tags } = await iam.send(new ListRoleTagsCommand({ RoleName: name }));
    const mark = markOf(name, tagRecord(Tags));
    return mark === undefined ? refused(`role ${name}`) : { thing: { ...mark, account, kind: 'role', name } };
  });
}

async function policies({ iam }: AwsClients, account: AccountAlias): Promise<Found[]> {
  const all: { readonly name: string; readonly arn: string }[] = [];
  for await (const page of paginateListPolicies({ client: iam }, { Scope: 'Local' }))
    all.push(
      ...(page.Policies ?? [])
        .map((policy) => ({ name: policy.PolicyName ?? '', arn: policy.Arn ?? '' }))
        .filter(({ name }) => hasNameOfARun(name)),
    );
  return each(all, async ({ name, arn }) => {
    const { Tags } = await iam.send(new ListPolicyTagsCommand({ PolicyArn: arn }));
    const mark = markOf(name, tagRecord(Tags));
    return mark === undefined ? refused(`policy ${name}`) : { thing: { ...mark, account, kind: 'policy', arn } };
  });
}

async function providers({ iam }: AwsClients, account: AccountAlias): Promise<Found[]> {
  const { OpenIDConnectProviderList = [] } = await iam.send(new ListOpenIDConnectProvidersCommand({}));
  const region = await iam.config.region();
  return each(OpenIDConnectProviderList, async ({ Arn: arn = '' }): Promise<Found> => {
    try {
      const { Tags } = await iam.send(new ListOpenIDConnectProviderTagsCommand({ OpenIDConnectProviderArn: arn }));
      const mark = readTags(tagRecord(Tags));
      return mark && { thing: { ...mark, account, kind: 'OIDC provider', arn } };
    } catch (error) {
      // A job need be allowed to look at no others than issuers of its region: not at the one that it comes from itself.
      if (isDenied(error) && !arn.includes(`:oidc-provider/oidc.eks.${region}.`)) return undefined;
      throw error;
    }
  });
}

async function buckets({ s3 }: AwsClients, account: AccountAlias): Promise<Found[]> {
  const region = await s3.config.region();
  const names: string[] = [];
  for await (const page of paginateListBuckets({ client: s3 }, { Prefix: 'conformance-' }))
    names.push(
      ...(page.Buckets ?? [])
        // S3 lists those of all regions, and answers about them in their own alone.
        .filter(({ BucketRegion = region }) => BucketRegion === region)
        .map((bucket) => bucket.Name ?? '')
        .filter(hasNameOfARun),
    );
  return each(names, async (name) => {
    const TagSet = await s3.send(new GetBucketTaggingCommand({ Bucket: name })).then(
      (answer) => answer.TagSet,
      (error: unknown) => {
        if ((error as Error).name === 'NoSuchTagSet') return [];
        throw error;
      },
    );
    const mark = markOf(name, tagRecord(TagSet));
    return mark === undefined ? refused(`bucket ${name}`) : { thing: { ...mark, account, kind: 'bucket', name } };
  });
}

async function clusters(clients: AwsClients, kubernetes: Pick<InClusters, 'find'>): Promise<Found[]> {
  const { eks } = clients;
  const names: string[] = [];
  for await (const page of paginateListClusters({ client: eks }, {})) names.push(...(page.clusters ?? []));
  const lookAt = async (name: string): Promise<Found[]> => {
    const { cluster } = await eks.send(new DescribeClusterCommand({ name }));
    if (hasNameOfARun(name)) {
      const mark = markOf(name, cluster?.tags ?? {});
      // Its associations, add-ons and objects go with it.
      return [
        mark === undefined
          ? refused(`cluster ${name}`)
          : { thing: { ...mark, account: 'main', kind: 'cluster', name } },
      ];
    }
    // Being made or deleted, it has nothing of a run; FAILED, nothing can be asked.
    if (cluster?.status !== 'ACTIVE' && cluster?.status !== 'UPDATING') return [];
    return inExistingCluster(clients, cluster, kubernetes);
  };
  const found = await each(names, (name) =>
    lookAt(name).catch((error: unknown) => {
      // Clusters of others are no business of a job that may make its own alone.
      if (hasNameOfARun(name) || !isDenied(error)) throw error;
      return [{ refused: `cluster ${name} was not looked into, which these credentials may not do` }];
    }),
  );
  return found.flat();
}

async function inExistingCluster(
  { eks }: AwsClients,
  described: Cluster,
  kubernetes: Pick<InClusters, 'find'>,
): Promise<Found[]> {
  const cluster = described.name ?? '';
  const of = { account: 'main', cluster } as const;
  const associations: string[] = [];
  for await (const page of paginateListPodIdentityAssociations({ client: eks }, { clusterName: cluster }))
    associations.push(...(page.associations ?? []).map(({ associationId = '' }) => associationId));
  const [ofAssociations, ofAddon, objects] = await Promise.all([
    each(associations, async (id): Promise<Found> => {
      const { association } = await eks.send(
        new DescribePodIdentityAssociationCommand({ clusterName: cluster, associationId: id }),
      );
      const mark = readTags(association?.tags ?? {});
      const subject = `${association?.namespace}/${association?.serviceAccount}`;
      return mark && { thing: { ...mark, ...of, kind: 'association', id, subject } };
    }),
    each([AGENT_ADDON], async (name): Promise<Found> => {
      const { addon } = await eks.send(new DescribeAddonCommand({ clusterName: cluster, addonName: name }));
      const mark = readTags(addon?.tags ?? {});
      return mark && { thing: { ...mark, ...of, kind: 'add-on', name } };
    }),
    kubernetes.find(described),
  ]);
  return [
    ...ofAssociations,
    ...ofAddon,
    ...objects.map(({ kind, name, run, expiresAt }): Found => ({ thing: { run, expiresAt, ...of, kind, name } })),
  ];
}

const isDenied = (error: unknown): boolean => awsProblem(error)?.kind === 'denied';

const refused = (title: string): Found => ({
  refused: `${title} has the name of a run and not its tags: if you know it, delete it by hand`,
});

/** Asks about each; what is gone by then is passed over. The clients see to it that AWS is not asked too often. */
async function each<T, R>(all: readonly T[], look: (one: T) => Promise<R>): Promise<R[]> {
  const answers = await Promise.all(
    all.map((one) =>
      look(one).catch((error: unknown) => {
        if (isMissing(error)) return undefined;
        throw error;
      }),
    ),
  );
  return answers.filter((answer): answer is Awaited<R> => answer !== undefined);
}
