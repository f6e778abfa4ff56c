/** Operations of EKS's API on clusters, add-ons and tags. */
import { text, textMap, texts } from '../scenario/form.ts';
import { where } from './forms.ts';
import {
  DescribeAddonCommand,
  DescribeClusterCommand,
  ListTagsForResourceCommand,
  TagResourceCommand,
  UntagResourceCommand,
} from '@aws-sdk/client-eks';
import { AGENT_ADDON } from '../../clusters/common/agent-addon.ts';
import { whenChanged, whenRead } from '../scenario/retry-rules.ts';
import {
  DEFAULT,
  defineEksOperation,
  nameOf,
  present,
  tagFacts,
  whereWords,
  type OfCluster,
  type Where,
} from './eks.ts';
import { tagWords } from './s3.ts';

const refersTo = ({ cluster }: OfCluster) => ({ clusters: [cluster] });

export const describeCluster = defineEksOperation(
  'DescribeCluster',
  (where: Where = {}) => ({ ...DEFAULT, ...where }),
  {
    form: where,
    refersTo,
    describe: (operation, say) => [whereWords(operation, say)],
    facts: async (context, operation, eks) => {
      const { cluster } = await eks.send(new DescribeClusterCommand({ name: nameOf(context, operation) }));
      return present({
        name: cluster?.name,
        arn: cluster?.arn,
        status: cluster?.status,
        version: cluster?.version,
        issuer: cluster?.identity?.oidc?.issuer,
        ...tagFacts(cluster?.tags),
      });
    },
  },
);

export const describeAddon = defineEksOperation(
  'DescribeAddon',
  (addon: string, where: Where = {}) => ({ addon, ...DEFAULT, ...where }),
  {
    form: { ...where, addon: text },
    refersTo,
    needs: ({ addon }) => (addon === AGENT_ADDON ? ['agent-addon'] : []),
    describe: (operation, say) => [operation.addon, whereWords(operation, say)],
    facts: async (context, operation, eks) => {
      const input = { clusterName: nameOf(context, operation), addonName: operation.addon };
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
  },
);

/** Tags the resource with this ARN, such as `<association-arn:made>` or `<cluster-arn:c1>`. */
export const tagResource = defineEksOperation(
  'TagResource',
  (arn: string, tags: Readonly<Record<string, string>>, where: Pick<Where, 'as'> = {}) => ({ arn, tags, ...where }),
  {
    form: { arn: text, tags: textMap, as: where.as },
    describe: ({ arn, tags }, say) => [tagWords(tags, say), say.text(arn)],
    mayDiffer: whenChanged,
    facts: async (_world, { arn, tags }, eks) => {
      await eks.send(new TagResourceCommand({ resourceArn: arn, tags }));
      return {};
    },
  },
);

export const untagResource = defineEksOperation(
  'UntagResource',
  (arn: string, tagKeys: readonly string[], where: Pick<Where, 'as'> = {}) => ({ arn, tagKeys, ...where }),
  {
    form: { arn: text, tagKeys: texts, as: where.as },
    describe: ({ arn, tagKeys }, say) => [say.text(arn), tagKeys.join(', ')],
    mayDiffer: whenChanged,
    facts: async (_world, { arn, tagKeys }, eks) => {
      await eks.send(new UntagResourceCommand({ resourceArn: arn, tagKeys: [...tagKeys] }));
      return {};
    },
  },
);

export const listTags = defineEksOperation(
  'ListTagsForResource',
  (arn: string, where: Pick<Where, 'as'> = {}) => ({ arn, ...where }),
  {
    form: { arn: text, as: where.as },
    describe: ({ arn }, say) => [say.text(arn)],
    mayDiffer: whenRead,
    facts: async (_world, { arn }, eks) =>
      tagFacts((await eks.send(new ListTagsForResourceCommand({ resourceArn: arn }))).tags),
  },
);
