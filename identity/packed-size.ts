import { deflateRawSync } from 'node:zlib';
import type { SessionTag } from './policy/principal.ts';

/** Maximum bytes of packed policies and tags. Undocumented. With this size, six usual tags take a little over half. */
const PACKED_SIZE = 512;
const PACKED_TAG_OVERHEAD = 6;

export interface Packed {
  /** JSON texts of inline session policies, and ARNs of managed ones. */
  readonly policies: readonly string[];
  readonly tags: readonly Pick<SessionTag, 'key' | 'value'>[];
}

/** Returns a percentage (at least 1), or undefined without policies and tags (STS API Reference, AssumeRole, `PackedPolicySize`). */
export function packedSize({ policies, tags }: Packed): number | undefined {
  if (policies.length === 0 && tags.length === 0) return undefined;
  const packedTexts = policies.length === 0 ? 0 : deflateRawSync(policies.join('\n')).length;
  const packedTags = tags.reduce((sum, tag) => sum + tag.key.length + tag.value.length + PACKED_TAG_OVERHEAD, 0);
  return Math.ceil(((packedTexts + packedTags) / PACKED_SIZE) * 100);
}

/** Returns AWS's sentence for more than 100 percent. */
export const packedSizeProblem = (percent: number | undefined, { policies }: Packed): string | undefined =>
  percent === undefined || percent <= 100
    ? undefined
    : policies.length === 0
      ? `Packed size of session tags consumes ${percent}% of allotted space.`
      : `Packed policy consumes ${percent}% of allotted space, please use smaller policy.`;
