import { DescribeAddonCommand } from '@aws-sdk/client-eks';
import { AGENT_ADDON } from '../../clusters/agent-addon.ts';
import type { HarnessOperation } from '../scenario/spec.ts';
import { defineEksOperation, nameOf, present, tagFacts, whereWords, type OfCluster, type Where } from './eks.ts';

interface DescribeAddon extends HarnessOperation, OfCluster {
  readonly do: 'DescribeAddon';
  readonly addon: string;
}

/** What EKS says of an add-on of a cluster. */
export const describeAddon = (addon: string, where: Where = {}): DescribeAddon => ({
  do: 'DescribeAddon',
  addon,
  cluster: 'c1',
  ...where,
});

defineEksOperation<DescribeAddon>({
  name: 'DescribeAddon',
  refersTo: ({ cluster }) => ({ clusters: [cluster] }),
  needs: ({ addon }) => (addon === AGENT_ADDON ? ['agent-addon'] : []),
  describe: (operation, say) => [operation.addon, whereWords(operation, say)],
  facts: async (world, operation, eks) => {
    const input = { clusterName: nameOf(world, operation), addonName: operation.addon };
    const { addon } = await eks.send(new DescribeAddonCommand(input));
    return present({
      name: addon?.addonName,
      arn: addon?.addonArn,
      status: addon?.status,
      version: addon?.addonVersion,
      issues: addon?.health?.issues?.length,
      ...tagFacts(addon?.tags),
    });
  },
});
