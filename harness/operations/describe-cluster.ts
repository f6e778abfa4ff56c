import { DescribeClusterCommand } from '@aws-sdk/client-eks';
import type { HarnessOperation } from '../scenario/spec.ts';
import { defineEksOperation, nameOf, present, tagFacts, whereWords, type OfCluster, type Where } from './eks.ts';

interface DescribeCluster extends HarnessOperation, OfCluster {
  readonly do: 'DescribeCluster';
}

/** What EKS says of a cluster. */
export const describeCluster = (where: Where = {}): DescribeCluster => ({
  do: 'DescribeCluster',
  cluster: 'c1',
  ...where,
});

defineEksOperation<DescribeCluster>({
  name: 'DescribeCluster',
  refersTo: ({ cluster }) => ({ clusters: [cluster] }),
  describe: (operation, say) => [whereWords(operation, say)],
  facts: async (world, operation, eks) => {
    const { cluster } = await eks.send(new DescribeClusterCommand({ name: nameOf(world, operation) }));
    return present({
      name: cluster?.name,
      arn: cluster?.arn,
      status: cluster?.status,
      version: cluster?.version,
      issuer: cluster?.identity?.oidc?.issuer,
      ...tagFacts(cluster?.tags),
    });
  },
});
