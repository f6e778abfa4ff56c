import type { SessionTag } from '../../identity/policy/principal.ts';

/** Names the tags by their source, for call records. `inherited` are the last ones in `tags`. */
export function explainTags(tags: readonly SessionTag[], inherited: readonly SessionTag[]): readonly string[] {
  const keysOf = (some: readonly SessionTag[]): string => some.map(({ key }) => key).join(', ');
  const passed = tags.slice(0, tags.length - inherited.length);
  return [
    ...(inherited.length > 0 ? [`transitive session tags inherited: ${keysOf(inherited)}`] : []),
    ...(passed.length > 0 ? [`session tags passed: ${keysOf(passed)}`] : []),
  ];
}
