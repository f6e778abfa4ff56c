/** Tags of what has an ARN, by EKS' API. */
import { ListTagsForResourceCommand, TagResourceCommand, UntagResourceCommand } from '@aws-sdk/client-eks';
import { whenChanged, whenRead } from '../consistency/retry-rules.ts';
import type { HarnessOperation } from '../scenario/spec.ts';
import { defineEksOperation, tagFacts } from './eks.ts';
import { tagWords } from './s3.ts';

interface OfResource extends HarnessOperation {
  readonly arn: string;
}

interface TagResource extends OfResource {
  readonly tags: Readonly<Record<string, string>>;
}

interface UntagResource extends OfResource {
  readonly tagKeys: readonly string[];
}

/** Adds tags to what has this ARN, such as `<association-arn:made>` or `<cluster-arn:c1>`. */
export const tagResource = (arn: string, tags: Readonly<Record<string, string>>): TagResource => ({
  do: 'TagResource',
  arn,
  tags,
});

export const untagResource = (arn: string, ...tagKeys: readonly string[]): UntagResource => ({
  do: 'UntagResource',
  arn,
  tagKeys,
});

export const listTags = (arn: string): OfResource => ({ do: 'ListTagsForResource', arn });

defineEksOperation<TagResource>({
  name: 'TagResource',
  describe: ({ arn, tags }, say) => [tagWords(tags, say), say.text(arn)],
  mayDiffer: whenChanged,
  facts: async (_world, { arn, tags }, eks) => {
    await eks.send(new TagResourceCommand({ resourceArn: arn, tags }));
    return {};
  },
});

defineEksOperation<UntagResource>({
  name: 'UntagResource',
  describe: ({ arn, tagKeys }, say) => [say.text(arn), tagKeys.join(', ')],
  mayDiffer: whenChanged,
  facts: async (_world, { arn, tagKeys }, eks) => {
    await eks.send(new UntagResourceCommand({ resourceArn: arn, tagKeys: [...tagKeys] }));
    return {};
  },
});

defineEksOperation<OfResource>({
  name: 'ListTagsForResource',
  describe: ({ arn }, say) => [say.text(arn)],
  mayDiffer: whenRead,
  facts: async (_world, { arn }, eks) =>
    tagFacts((await eks.send(new ListTagsForResourceCommand({ resourceArn: arn }))).tags),
});
