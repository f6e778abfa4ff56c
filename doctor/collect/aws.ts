import type { Cluster } from '@aws-sdk/client-eks';
import { mapBounded } from '../../foundation/node/map-bounded.ts';
import type {
  Addon,
  Association,
  AwsObjects,
  EksCluster,
  Instance,
  OidcProvider,
  VpcEndpoint,
} from '../snapshot/aws.ts';
import type { KubernetesObjects } from '../snapshot/kubernetes.ts';
import { allPages, type AwsAccount } from './aws-account.ts';
import { defined } from './defined.ts';
import { Unreadable, type Gaps } from './gaps.ts';
import { RoleReader } from './roles.ts';

export interface AwsReading {
  readonly account: AwsAccount;
  readonly gaps: Gaps;
  readonly kubernetes: KubernetesObjects;
  /** Whether the namespace is part of the snapshot. */
  readonly includes: (namespace: string) => boolean;
  readonly progress: (line: string) => void;
}

/** Concurrent objects. The clients' rate limits are lower than this allows. */
const CONCURRENT = 16;
/** Instances in a call (EC2 API Reference, "DescribeInstances" recommends small batches). */
const INSTANCES = 100;
/** The most IAM OIDC providers to read of clusters that nothing refers to. */
const UNRELATED_PROVIDERS = 5;

/** Reads what belongs to a cluster in its account. Objects that cannot be read are gaps. */
export async function readAws(reading: AwsReading): Promise<AwsObjects> {
  const { account, gaps, kubernetes, progress } = reading;
  const { region, accountId, cluster } = account;
  const roles = new RoleReader(account, gaps, progress);
  const [addons, associations, vpcEndpoints, nodes] = await Promise.all([
    cluster && gaps.attempt(() => readAddons(account, cluster)),
    cluster && gaps.attempt(() => readAssociations(reading, cluster, roles)),
    gaps.attempt(() => readVpcEndpoints(account)),
    readInstances(reading, roles),
    mapBounded([...annotatedRoles(kubernetes)], CONCURRENT, (arn) => roles.role(arn)),
  ]);
  await mapBounded(
    (addons ?? []).flatMap(({ serviceAccountRoleArn: arn }) => arn ?? []),
    CONCURRENT,
    (arn) => roles.role(arn),
  );
  const allRoles = await roles.all();
  const trust = Object.values(allRoles).map((role) => role?.trustPolicy ?? '');
  const issuer = (cluster?.identity?.oidc?.issuer ?? kubernetes.issuer ?? '').replace(/^https?:\/\//, '');
  const oidcProviders = await gaps.attempt(() => readProviders(account, issuer, trust.join('\n')));
  return {
    region,
    accountId,
    ...(cluster && { cluster: clusterOf(cluster) }),
    ...(addons && { addons }),
    ...(associations && { associations }),
    roles: allRoles,
    ...(oidcProviders && { oidcProviders }),
    ...nodes,
    ...(vpcEndpoints && { vpcEndpoints }),
  };
}

function clusterOf(cluster: Cluster): EksCluster {
  const { name = '', arn = '', endpoint, version, platformVersion, identity } = cluster;
  return {
    name,
    arn,
    autoMode: cluster.computeConfig?.enabled ?? false,
    ...defined({
      endpoint,
      version,
      platformVersion,
      certificateAuthority: cluster.certificateAuthority?.data,
      issuer: identity?.oidc?.issuer,
      vpcId: cluster.resourcesVpcConfig?.vpcId,
    }),
  };
}

async function readAddons({ call }: AwsAccount, { name: clusterName }: Cluster): Promise<Addon[]> {
  const names = await allPages(
    (nextToken) => call('eks:ListAddons', { clusterName, nextToken }),
    ({ addons }) => addons,
  );
  return mapBounded(names, CONCURRENT, async (name) => {
    const { addon = {} } = await call('eks:DescribeAddon', { clusterName, addonName: name });
    const { addonArn: arn, addonVersion: version, status, serviceAccountRoleArn } = addon;
    return {
      name,
      issues: (addon.health?.issues ?? []).map(({ code, message }) => defined({ code, message })),
      ...defined({ arn, version, status, serviceAccountRoleArn }),
    };
  });
}

/** Reads the roles of each association at once, since their calls have another rate limit. */
async function readAssociations(
  { account: { call }, includes, progress }: AwsReading,
  { name: clusterName }: Cluster,
  roles: RoleReader,
): Promise<Association[]> {
  const listed = await allPages(
    (nextToken) => call('eks:ListPodIdentityAssociations', { clusterName, nextToken }),
    ({ associations }) => associations,
  );
  const wanted = listed.filter(({ namespace = '' }) => includes(namespace));
  let count = 0;
  const found = await mapBounded(wanted, CONCURRENT, async ({ associationId = '' }) => {
    // Deleted since it was listed.
    const described = await call('eks:DescribePodIdentityAssociation', { clusterName, associationId }).catch(
      (error: unknown) => {
        if (error instanceof Unreadable && error.isMissing) return { association: undefined };
        throw error;
      },
    );
    progress(`${++count} of ${wanted.length} associations`);
    const { association } = described;
    if (association?.roleArn === undefined) return [];
    const { namespace = '', serviceAccount = '', roleArn, associationArn, externalId, targetRoleArn } = association;
    await (targetRoleArn === undefined
      ? roles.role(roleArn)
      : Promise.all([roles.withPolicies(roleArn), roles.role(targetRoleArn)]));
    return [
      {
        associationId,
        namespace,
        serviceAccount,
        roleArn,
        disableSessionTags: association.disableSessionTags ?? false,
        ...defined({
          associationArn,
          targetRoleArn,
          externalId,
          policy: association.policy,
          ownerArn: association.ownerArn,
          createdAt: association.createdAt?.toISOString(),
          modifiedAt: association.modifiedAt?.toISOString(),
        }),
      },
    ];
  });
  return found.flat();
}

/** Reads the nodes' instances, their instance profiles, and the roles of those with policies. */
async function readInstances(
  { account: { call }, gaps, kubernetes }: AwsReading,
  roles: RoleReader,
): Promise<Pick<AwsObjects, 'instances' | 'instanceProfiles'>> {
  const ids = (kubernetes.nodes ?? []).flatMap(
    ({ providerID }) => /^aws:.*\/(i-[0-9a-f]+)$/.exec(providerID ?? '')?.[1] ?? [],
  );
  const batches = Array.from({ length: Math.ceil(ids.length / INSTANCES) }, (_, index) =>
    ids.slice(index * INSTANCES, (index + 1) * INSTANCES),
  );
  const instances = await gaps.attempt(async () => (await mapBounded(batches, CONCURRENT, readBatch)).flat());
  const profiles = new Set((instances ?? []).flatMap(({ instanceProfileArn }) => instanceProfileArn ?? []));
  const instanceProfiles: Record<string, string> = {};
  await mapBounded([...profiles], CONCURRENT, async (arn) => {
    const InstanceProfileName = arn.split('/').at(-1);
    const answer = await gaps.attempt(() => call('iam:GetInstanceProfile', { InstanceProfileName }), arn);
    const role = answer?.InstanceProfile?.Roles?.[0]?.Arn;
    if (role === undefined) return;
    instanceProfiles[arn] = role;
    await roles.withPolicies(role);
  });
  return { ...(instances && { instances }), instanceProfiles };

  async function readBatch(InstanceIds: string[]): Promise<Instance[]> {
    if (InstanceIds.length === 0) return [];
    try {
      const { Reservations = [] } = await call('ec2:DescribeInstances', { InstanceIds });
      return Reservations.flatMap(({ Instances = [] }) => Instances).map(({ InstanceId = '', ...instance }) => ({
        instanceId: InstanceId,
        ...defined({
          httpTokens: instance.MetadataOptions?.HttpTokens,
          httpEndpoint: instance.MetadataOptions?.HttpEndpoint,
          hopLimit: instance.MetadataOptions?.HttpPutResponseHopLimit,
          instanceProfileArn: instance.IamInstanceProfile?.Arn,
        }),
      }));
    } catch (error) {
      // One terminated instance fails the call, which names it.
      const { name = '', message = '' } = (error as Error).cause as Error;
      const left = InstanceIds.filter((id) => !message.includes(id));
      if (name !== 'InvalidInstanceID.NotFound' || left.length === InstanceIds.length) throw error;
      return readBatch(left);
    }
  }
}

async function readVpcEndpoints({ call, cluster }: AwsAccount): Promise<VpcEndpoint[] | undefined> {
  const vpcId = cluster?.resourcesVpcConfig?.vpcId;
  if (vpcId === undefined) return undefined;
  const Filters = [{ Name: 'vpc-id', Values: [vpcId] }];
  const endpoints = await allPages(
    (NextToken) => call('ec2:DescribeVpcEndpoints', { Filters, NextToken }),
    ({ VpcEndpoints }) => VpcEndpoints,
  );
  return endpoints.map(({ VpcEndpointId, ServiceName, VpcEndpointType, State, PrivateDnsEnabled }) => ({
    id: VpcEndpointId ?? '',
    serviceName: ServiceName ?? '',
    type: VpcEndpointType ?? '',
    state: State ?? '',
    privateDnsEnabled: PrivateDnsEnabled ?? false,
  }));
}

/** EKS's issuers, and the similar hosts of its public keys, which are no issuers. */
const EKS_PROVIDER = /\/oidc[.-]eks\./;

/** Reads the IAM OIDC providers of the issuer, of trust policies, and a few of other clusters. */
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

/** Role ARNs in annotations of service accounts and in variables of pods. */
function annotatedRoles({ serviceAccounts = [], pods = [] }: KubernetesObjects): ReadonlySet<string> {
  return new Set([
    ...serviceAccounts.flatMap(({ metadata }) => metadata.annotations?.['eks.amazonaws.com/role-arn'] ?? []),
    ...pods
      .flatMap(({ containers, initContainers }) => [...containers, ...initContainers])
      .flatMap(({ env }) => env.flatMap(({ name, value }) => (name === 'AWS_ROLE_ARN' && value) || [])),
  ]);
}
