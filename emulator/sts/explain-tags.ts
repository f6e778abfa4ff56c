import type { Question } from '../../identity/question.ts';
import { inheritedTags } from '../../identity/session-tags.ts';

/** Names the tags of a request by their source, for call records. */
export function explainTags({ principal, context }: Question): readonly string[] {
  const inherited = inheritedTags(principal).map(({ key }) => key);
  const keys = [context['aws:TagKeys'] ?? []].flat();
  const passed = keys.slice(0, keys.length - inherited.length);
  return [
    ...(inherited.length > 0 ? [`transitive session tags inherited: ${inherited.join(', ')}`] : []),
    ...(passed.length > 0 ? [`session tags passed: ${passed.join(', ')}`] : []),
  ];
}
