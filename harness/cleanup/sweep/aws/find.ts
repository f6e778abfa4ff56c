import {
  ListOpenIDConnectProviderTagsCommand,
  ListOpenIDConnectProvidersCommand,
  ListPolicyTagsCommand,
  ListRoleTagsCommand,
  paginateListPolicies,
  paginateListRoles,
  type Policy,
} from '@aws-sdk/client-iam';
import { GetBucketTaggingCommand, paginateListBuckets } from '@aws-sdk/client-s3';
import type { AwsClients } from '../../../../aws/clients.ts';
import type { AwsService } from '../../../../aws/service-names.ts';
import type { AccountAlias } from '../../../../foundation/protocols/aliases.ts';
import { clusters } from './find-clusters.ts';
import { eachOfRuns, isDenied, isOf, type Found, type Inventory } from './inventory.ts';
import { tagRecord } from './tags.ts';
import { bucketNamed, policyOf, providerOf, roleNamed, type AwsFindings } from './things.ts';

/**
 * Finds leftovers in an account by name and tags, without changes. Ignores resources that are deleted meanwhile. A denied
 * request does not stop the search. Roles, policies, buckets and clusters must have the same run in name and tags.
 * Associations, add-ons and OIDC providers have no run in their names, so only tags count.
 */
export async function findInAccount(inventory: Inventory): Promise<AwsFindings> {
  const { clients, services, account } = inventory;
  const has = (service: AwsService): boolean => services?.includes(service) ?? true;
  const parts = await Promise.all([
    ...(has('iam') ? [roles(inventory), policies(inventory), providers(clients, account)] : []),
    ...(has('s3') ? [buckets(inventory)] : []),
    ...(has('eks') && account === 'main' ? [clusters(inventory)] : []),
  ]);
  const candidates = parts.flat();
  return {
    things: candidates.flatMap((one) => (one !== undefined && 'thing' in one ? [one.thing] : [])),
    refused: candidates.flatMap((one) => (one !== undefined && 'refused' in one ? [one.refused] : [])),
    unseen: candidates.flatMap((one) => (one !== undefined && 'unseen' in one ? [one.unseen] : [])),
  };
}

async function roles({ clients: { iam }, account, runs }: Inventory): Promise<Found[]> {
  const names: string[] = [];
  for await (const page of paginateListRoles({ client: iam }, {}))
    names.push(...(page.Roles ?? []).map((role) => role.RoleName ?? '').filter(isOf(runs)));
  return eachOfRuns(names, account, {
    name: (name) => name,
    tags: async (RoleName) => tagRecord((await iam.send(new ListRoleTagsCommand({ RoleName }))).Tags),
    removable: (name) => roleNamed(name, account),
  });
}

async function policies({ clients: { iam }, account, runs }: Inventory): Promise<Found[]> {
  const all: Policy[] = [];
  for await (const page of paginateListPolicies({ client: iam }, { Scope: 'Local' }))
    all.push(...(page.Policies ?? []).filter(({ PolicyName = '' }) => isOf(runs)(PolicyName)));
  return eachOfRuns(all, account, {
    name: ({ PolicyName = '' }) => PolicyName,
    tags: async ({ Arn: PolicyArn }) => tagRecord((await iam.send(new ListPolicyTagsCommand({ PolicyArn }))).Tags),
    removable: ({ Arn = '' }) => policyOf(Arn, account),
  });
}

async function providers({ iam }: AwsClients, account: AccountAlias): Promise<Found[]> {
  const { OpenIDConnectProviderList = [] } = await iam.send(new ListOpenIDConnectProvidersCommand({}));
  const region = await iam.config.region();
  return eachOfRuns(OpenIDConnectProviderList, account, {
    tags: async ({ Arn: arn = '' }) => {
      try {
        const list = new ListOpenIDConnectProviderTagsCommand({ OpenIDConnectProviderArn: arn });
        return tagRecord((await iam.send(list)).Tags);
      } catch (error) {
        // A job only needs access to issuers of its region, not to the provider that it authenticates with.
        if (isDenied(error) && !arn.includes(`:oidc-provider/oidc.eks.${region}.`)) return {};
        throw error;
      }
    },
    removable: ({ Arn = '' }) => providerOf(Arn, account),
  });
}

async function buckets({ clients: { s3 }, account, runs }: Inventory): Promise<Found[]> {
  const region = await s3.config.region();
  const names: string[] = [];
  for await (const page of paginateListBuckets({ client: s3 }, { Prefix: 'conformance-' }))
    names.push(
      ...(page.Buckets ?? [])
        // S3 lists buckets of all regions, but only answers requests about those of its own.
        .filter(({ BucketRegion = region }) => BucketRegion === region)
        .map((bucket) => bucket.Name ?? '')
        .filter(isOf(runs)),
    );
  return eachOfRuns(names, account, {
    name: (name) => name,
    tags: async (Bucket) => {
      try {
        return tagRecord((await s3.send(new GetBucketTaggingCommand({ Bucket }))).TagSet);
      } catch (error) {
        if ((error as Error).name === 'NoSuchTagSet') return {};
        throw error;
      }
    },
    removable: (name) => bucketNamed(name, account),
  });
}
