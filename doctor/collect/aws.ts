import type { Cluster } from '@aws-sdk/client-eks';
import { mapBounded } from '../../foundation/node/map-bounded.ts';
import {
  addonOf,
  associationOf,
  clusterOf,
  instanceOf,
  vpcEndpointOf,
  type Addon,
  type Association,
  type AwsObjects,
  type Instance,
  type OidcProvider,
  type VpcEndpoint,
} from '../snapshot/aws.ts';
import { defined } from '../snapshot/defined.ts';
import { KUBE2IAM, type KubernetesObjects } from '../snapshot/kubernetes.ts';
import { isInScope, readBuckets, type AccessScope } from './access.ts';
import type { AwsAccount } from './aws-account.ts';
import { allPages } from './aws-client.ts';
import { orNull, type Gaps } from './gaps.ts';
import { accountsIn, readOrganization, type OrganizationOptions } from './organization.ts';
import { readResources, withKeys } from './resource-policies.ts';
import { roleReader, type RoleReader, type RoleReading } from './roles.ts';

interface AwsReading extends RoleReading, OrganizationOptions {
  readonly kubernetes: KubernetesObjects;
  /** Whether to read the policies of annotated roles too. */
  readonly policies: boolean;
  readonly access?: AccessScope;
}

/** Concurrent objects. The clients' rate limits are lower than this allows. */
const CONCURRENT = 16;
/** Maximum number of values of a filter (EC2 User Guide, "Filter your resources"). */
const VALUES = 200;
/** Maximum number of IAM OIDC providers to read for clusters that nothing refers to. */
const UNRELATED_PROVIDERS = 5;

/** Reads what belongs to a cluster in its account. Objects that cannot be read are gaps. */
export async function readAws(reading: AwsReading): Promise<AwsObjects> {
  const { account, gaps, kubernetes, access } = reading;
  const { region, accountId, cluster } = account;
  const roles = roleReader(reading, access !== undefined && access.subject === undefined);
  const [addons, associations, vpcEndpoints, nodes, decisive] = await Promise.all([
    cluster && gaps.attempt(() => readAddons(account, cluster, roles)),
    cluster && gaps.attempt(() => readAssociations(reading, cluster, roles)),
    cluster && gaps.attempt(() => readVpcEndpoints(account, cluster)),
    readInstances(reading, roles),
    access && readDecisive(account, gaps, access.resources),
    mapBounded<string, unknown>(
      annotatedRoles(kubernetes, access, `arn:${partitionOf(cluster)}:iam::${accountId}:role/`),
      CONCURRENT,
      (arn) => (access || reading.policies ? roles.withPolicies(arn) : roles.role(arn)),
    ),
    // The question may be whether a role can be assumed.
    mapBounded(access?.resources ?? [], CONCURRENT, (arn) => roles.role(arn)),
  ]);
  const allRoles = await roles.all();
  const trust = Object.values(allRoles).map((role) => role?.trustPolicy ?? '');
  const accounts = accountsIn([...Object.keys(allRoles), ...(access?.resources ?? [])]);
  const issuer = cluster?.identity?.oidc?.issuer ?? kubernetes.issuer ?? '';
  const [organization, oidcProviders] = await Promise.all([
    readOrganization(account, gaps, accounts, reading),
    gaps.attempt(() => readProviders(account, issuer, trust.join('\n'))),
  ]);
  return {
    region,
    accountId,
    roles: allRoles,
    ...nodes,
    organization,
    ...defined({ cluster: cluster && clusterOf(cluster), addons, associations, oidcProviders, vpcEndpoints }),
    ...decisive,
  };
}

const partitionOf = (cluster: Cluster | undefined): string => cluster?.arn?.split(':')[1] ?? 'aws';

/** Reads the buckets and other resources that a request is about, with their policies and keys. */
async function readDecisive(
  account: AwsAccount,
  gaps: Gaps,
  arns: readonly string[],
): Promise<Pick<AwsObjects, 'buckets' | 'resources'>> {
  const [buckets, resources] = await Promise.all([
    readBuckets(account, gaps, arns),
    readResources(account, gaps, arns),
  ]);
  const { region, cluster } = account;
  const place = { region, partition: partitionOf(cluster) };
  const all = { ...resources };
  return { buckets: await withKeys(account, gaps, buckets, place, all), resources: all };
}

async function readAddons({ call }: AwsAccount, { name: clusterName }: Cluster, roles: RoleReader): Promise<Addon[]> {
  const names = await allPages(
    (nextToken) => call('eks:ListAddons', { clusterName, nextToken }),
    ({ addons }) => addons,
  );
  return mapBounded(names, CONCURRENT, async (addonName) => {
    const { addon = {} } = await call('eks:DescribeAddon', { clusterName, addonName });
    if (addon.serviceAccountRoleArn !== undefined) await roles.role(addon.serviceAccountRoleArn);
    return addonOf(addon);
  });
}

/** Reads the roles of each association at once, since their calls have another rate limit. */
async function readAssociations(
  { account: { call }, progress, access }: AwsReading,
  { name: clusterName }: Cluster,
  roles: RoleReader,
): Promise<Association[]> {
  const listed = await allPages(
    (nextToken) => call('eks:ListPodIdentityAssociations', { clusterName, nextToken, ...access?.subject }),
    ({ associations }) => associations,
  );
  let count = 0;
  const perAssociation = await mapBounded(listed, CONCURRENT, async ({ associationId = '' }) => {
    // Null: deleted since it was listed.
    const described = await orNull(call('eks:DescribePodIdentityAssociation', { clusterName, associationId }));
    progress(`${++count} of ${listed.length} associations`);
    const { association } = described ?? {};
    if (association?.roleArn === undefined) return [];
    const { roleArn, targetRoleArn } = association;
    await Promise.all([roleArn, targetRoleArn].flatMap((arn) => (arn ? [roles.withPolicies(arn)] : [])));
    return associationOf({ ...association, roleArn });
  });
  return perAssociation.flat();
}

/** Reads the nodes' instances, their instance profiles, and the profiles' roles with policies. */
async function readInstances(
  { account, gaps, kubernetes }: AwsReading,
  roles: RoleReader,
): Promise<Pick<AwsObjects, 'instances' | 'instanceProfiles'>> {
  const nodes = (kubernetes.nodes ?? []).map(({ providerID = '' }) => /^aws:.*\/(i-[0-9a-f]+)$/.exec(providerID)?.[1]);
  const ids = nodes.filter((id) => id !== undefined);
  const instances = await gaps.attempt(async () => {
    const describedInstances: Instance[] = [];
    for (let at = 0; at < ids.length; at += VALUES)
      describedInstances.push(...(await describeInstances(account, ids.slice(at, at + VALUES))));
    return describedInstances;
  });
  const profiles = new Set((instances ?? []).flatMap(({ instanceProfileArn }) => instanceProfileArn ?? []));
  const instanceProfiles: Record<string, string> = {};
  await mapBounded([...profiles], CONCURRENT, async (arn) => {
    const InstanceProfileName = arn.split('/').at(-1);
    const answer = await gaps.attempt(() => account.call('iam:GetInstanceProfile', { InstanceProfileName }), arn);
    const role = answer?.InstanceProfile?.Roles?.[0]?.Arn;
    if (role === undefined) return;
    instanceProfiles[arn] = role;
    await roles.withPolicies(role);
  });
  return { ...(instances && { instances }), instanceProfiles };
}

/** Reads instances by a filter, which ignores terminated ones. */
async function describeInstances({ call }: AwsAccount, ids: string[]): Promise<Instance[]> {
  const Filters = [{ Name: 'instance-id', Values: ids }];
  const reservations = await allPages(
    (NextToken) => call('ec2:DescribeInstances', { Filters, NextToken }),
    ({ Reservations }) => Reservations,
  );
  return reservations.flatMap(({ Instances = [] }) => Instances.map(instanceOf));
}

async function readVpcEndpoints({ call }: AwsAccount, { resourcesVpcConfig: vpc }: Cluster): Promise<VpcEndpoint[]> {
  const Filters = [{ Name: 'vpc-id', Values: [vpc?.vpcId ?? ''] }];
  const endpoints = await allPages(
    (NextToken) => call('ec2:DescribeVpcEndpoints', { Filters, NextToken }),
    ({ VpcEndpoints }) => VpcEndpoints,
  );
  return endpoints.map(vpcEndpointOf);
}

/** EKS's issuers, and the similar hosts of its public keys, which are no issuers. */
const EKS_PROVIDER = /\/oidc[.-]eks\./;

/** Reads the IAM OIDC providers of the issuer and of trust policies, and a few providers of other clusters. */
async function readProviders({ call }: AwsAccount, issuer: string, trust: string): Promise<OidcProvider[]> {
  const { OpenIDConnectProviderList = [] } = await call('iam:ListOpenIDConnectProviders', {});
  const arns = OpenIDConnectProviderList.flatMap(({ Arn }) => Arn ?? []);
  const id = issuer.split('/').at(-1) ?? '';
  const related = arns.filter((arn) => (id !== '' && arn.endsWith(`/${id}`)) || trust.includes(`"${arn}"`));
  const unrelated = arns.filter((arn) => EKS_PROVIDER.test(arn) && !related.includes(arn));
  return mapBounded([...related, ...unrelated.slice(0, UNRELATED_PROVIDERS)], CONCURRENT, async (arn) => {
    const { Url, ClientIDList } = await call('iam:GetOpenIDConnectProvider', { OpenIDConnectProviderArn: arn });
    return { arn, url: Url ?? arn.replace(/^.*:oidc-provider\//, ''), clientIds: ClientIDList ?? [] };
  });
}

/** Returns role ARNs in annotations of service accounts and in variables of pods. */
const annotatedRoles = (
  { serviceAccounts = [], pods = [] }: KubernetesObjects,
  access: AccessScope | undefined,
  prefix: string,
): readonly string[] => [
  ...serviceAccounts
    .filter(({ metadata }) => isInScope(access, metadata))
    .flatMap(({ metadata }) => metadata.annotations?.['eks.amazonaws.com/role-arn'] ?? []),
  ...[...serviceAccounts, ...pods]
    .flatMap(({ metadata }) => metadata.annotations?.[KUBE2IAM] ?? [])
    .map((role) => (role.startsWith('arn:') ? role : `${prefix}${role}`)),
  ...pods
    .filter(({ metadata, serviceAccountName }) => isInScope(access, { ...metadata, name: serviceAccountName }))
    .flatMap(({ containers, initContainers }) => [...containers, ...initContainers])
    .flatMap(({ env }) => env.flatMap(({ name, value }) => (name === 'AWS_ROLE_ARN' && value) || [])),
];
