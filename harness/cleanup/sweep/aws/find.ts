import {
  ListOpenIDConnectProviderTagsCommand,
  ListOpenIDConnectProvidersCommand,
  ListPolicyTagsCommand,
  ListRoleTagsCommand,
  paginateListPolicies,
  paginateListRoles,
} from '@aws-sdk/client-iam';
import { GetBucketTaggingCommand, paginateListBuckets } from '@aws-sdk/client-s3';
import type { AwsClients, AwsService } from '../../../aws/target.ts';
import type { AccountAlias } from '../../../scenario/policy.ts';
import { clusters } from './find-clusters.ts';
import { eachOfRuns, isDenied, isOf, refused, type Found, type Look } from './looking.ts';
import { markOf, readTags, tagRecord } from './tags.ts';
import { bucketNamed, policyOf, providerOf, roleNamed, type AwsFindings } from './things.ts';

/**
 * Looks for what runs left in an account, by name and tags. Changes nothing. What is deleted while it looks is passed over;
 * what it may not ask about keeps nothing else from being found.
 *
 * Roles, policies, buckets and clusters count when name and tags name the same run; associations, add-ons and OIDC providers,
 * whose names are not the run's own, by their tags.
 */
export async function findInAccount(look: Look): Promise<AwsFindings> {
  const { clients, services, account } = look;
  const has = (service: AwsService): boolean => services?.includes(service) ?? true;
  const parts = await Promise.all([
    ...(has('iam') ? [roles(look), policies(look), providers(clients, account)] : []),
    ...(has('s3') ? [buckets(look)] : []),
    ...(has('eks') && account === 'main' ? [clusters(look)] : []),
  ]);
  const found = parts.flat();
  return {
    things: found.flatMap((one) => (one !== undefined && 'thing' in one ? [one.thing] : [])),
    refused: found.flatMap((one) => (one !== undefined && 'refused' in one ? [one.refused] : [])),
    unseen: found.flatMap((one) => (one !== undefined && 'unseen' in one ? [one.unseen] : [])),
  };
}

async function roles({ clients: { iam }, account, runs }: Look): Promise<Found[]> {
  const names: string[] = [];
  for await (const page of paginateListRoles({ client: iam }, {}))
    names.push(...(page.Roles ?? []).map((role) => role.RoleName ?? '').filter(isOf(runs)));
  return eachOfRuns(
    names,
    (name) => `role ${name}`,
    async (name): Promise<Found> => {
      const { Tags } = await iam.send(new ListRoleTagsCommand({ RoleName: name }));
      const mark = markOf(name, tagRecord(Tags));
      return mark === undefined
        ? refused(`role ${name}`)
        : { thing: { ...mark, account, ...roleNamed(name, account) } };
    },
  );
}

async function policies({ clients: { iam }, account, runs }: Look): Promise<Found[]> {
  const all: { readonly name: string; readonly arn: string }[] = [];
  for await (const page of paginateListPolicies({ client: iam }, { Scope: 'Local' }))
    all.push(
      ...(page.Policies ?? [])
        .map((policy) => ({ name: policy.PolicyName ?? '', arn: policy.Arn ?? '' }))
        .filter(({ name }) => isOf(runs)(name)),
    );
  return eachOfRuns(
    all,
    ({ arn }) => `policy ${arn}`,
    async ({ name, arn }): Promise<Found> => {
      const { Tags } = await iam.send(new ListPolicyTagsCommand({ PolicyArn: arn }));
      const mark = markOf(name, tagRecord(Tags));
      return mark === undefined ? refused(`policy ${arn}`) : { thing: { ...mark, account, ...policyOf(arn, account) } };
    },
  );
}

async function providers({ iam }: AwsClients, account: AccountAlias): Promise<Found[]> {
  const { OpenIDConnectProviderList = [] } = await iam.send(new ListOpenIDConnectProvidersCommand({}));
  const region = await iam.config.region();
  return eachOfRuns(
    OpenIDConnectProviderList,
    ({ Arn }) => `OIDC provider ${Arn}`,
    async ({ Arn: arn = '' }): Promise<Found> => {
      try {
        const { Tags } = await iam.send(new ListOpenIDConnectProviderTagsCommand({ OpenIDConnectProviderArn: arn }));
        const mark = readTags(tagRecord(Tags));
        return mark && { thing: { ...mark, account, ...providerOf(arn, account) } };
      } catch (error) {
        // A job need be allowed to look at no others than issuers of its region: not at the one that it comes from itself.
        if (isDenied(error) && !arn.includes(`:oidc-provider/oidc.eks.${region}.`)) return undefined;
        throw error;
      }
    },
  );
}

async function buckets({ clients: { s3 }, account, runs }: Look): Promise<Found[]> {
  const region = await s3.config.region();
  const names: string[] = [];
  for await (const page of paginateListBuckets({ client: s3 }, { Prefix: 'conformance-' }))
    names.push(
      ...(page.Buckets ?? [])
        // S3 lists those of all regions, and answers about them in their own alone.
        .filter(({ BucketRegion = region }) => BucketRegion === region)
        .map((bucket) => bucket.Name ?? '')
        .filter(isOf(runs)),
    );
  return eachOfRuns(
    names,
    (name) => `bucket ${name}`,
    async (name): Promise<Found> => {
      const TagSet = await s3.send(new GetBucketTaggingCommand({ Bucket: name })).then(
        (answer) => answer.TagSet,
        (error: unknown) => {
          if ((error as Error).name === 'NoSuchTagSet') return [];
          throw error;
        },
      );
      const mark = markOf(name, tagRecord(TagSet));
      return mark === undefined
        ? refused(`bucket ${name}`)
        : { thing: { ...mark, account, ...bucketNamed(name, account) } };
    },
  );
}
