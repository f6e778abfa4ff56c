import {
  DescribeClusterCommand,
  ListAccessEntriesCommand,
  ListAddonsCommand,
  ListClustersCommand,
  ListNodegroupsCommand,
  ListPodIdentityAssociationsCommand,
  type EKSClient,
} from '@aws-sdk/client-eks';
import { ListOpenIDConnectProvidersCommand, paginateListPolicies, paginateListRoles } from '@aws-sdk/client-iam';
import { ListBucketsCommand } from '@aws-sdk/client-s3';
import { isMissing } from '../../foundation/aws/missing.ts';
import type { AwsTarget } from '../../harness/aws-target/target.ts';

/** Returns the titles of all resources in both accounts. */
export async function inventoryOf(aws: AwsTarget): Promise<readonly string[]> {
  const titles: string[] = [];
  for (const account of ['main', 'other'] as const) {
    const { eks, iam, s3 } = aws.clients(account);
    const where = account === 'other' ? ' of the second account' : '';
    const add = <T>(kind: string, all: readonly T[] = [], nameOf: (one: T) => string | undefined = String): void => {
      titles.push(...all.map((one) => `${kind} ${nameOf(one)}${where}`));
    };
    for await (const page of paginateListRoles({ client: iam }, {})) add('role', page.Roles, (role) => role.RoleName);
    for await (const page of paginateListPolicies({ client: iam }, { Scope: 'Local' }))
      add('policy', page.Policies, (policy) => policy.PolicyName);
    const providers = await iam.send(new ListOpenIDConnectProvidersCommand({}));
    add('OIDC provider', providers.OpenIDConnectProviderList, ({ Arn }) => Arn);
    add('bucket', (await s3.send(new ListBucketsCommand({}))).Buckets, ({ Name }) => Name);
    const { clusters = [] } = await eks.send(new ListClustersCommand({}));
    for (const clusterName of clusters) {
      // Lists may still show deleted clusters.
      if (!(await exists(eks, clusterName))) continue;
      const [groups, addons, associations, entries] = await Promise.all([
        eks.send(new ListNodegroupsCommand({ clusterName })),
        eks.send(new ListAddonsCommand({ clusterName })),
        eks.send(new ListPodIdentityAssociationsCommand({ clusterName })),
        eks.send(new ListAccessEntriesCommand({ clusterName })),
      ]);
      add('cluster', [clusterName]);
      const title = (name: string): string => `${name} of cluster ${clusterName}`;
      add('node group', groups.nodegroups, title);
      add('add-on', addons.addons, title);
      add('association', associations.associations, (one) => title(`${one.namespace}/${one.serviceAccount}`));
      add('access entry', entries.accessEntries, title);
    }
  }
  return titles.sort();
}

async function exists(eks: EKSClient, name: string): Promise<boolean> {
  return eks.send(new DescribeClusterCommand({ name })).then(
    () => true,
    (error: unknown) => {
      if (isMissing(error)) return false;
      throw error;
    },
  );
}
