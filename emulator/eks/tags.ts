import { keyed } from '../core/tag-context.ts';
import type { ConditionContext } from '../iam/policy/index.ts';
import { invalidParameter } from './errors.ts';
import { optionalObject } from './input.ts';
import type { JsonObject } from '../core/json.ts';
import { serializationError } from './rest-json.ts';

const MOST_TAGS = 50;

/**
 * The `tags` of a request.
 *
 * @throws AwsError `InvalidParameterException` for the prefix `aws:` (EKS API Reference, "TagResource").
 */
export function readTags(body: JsonObject): Map<string, string> {
  const tags = new Map<string, string>();
  for (const [key, value] of Object.entries(optionalObject(body, 'tags') ?? {})) {
    if (typeof value !== 'string') throw serializationError('A tag value is not a string.');
    if (/^aws:/i.test(key)) throw invalidParameter('Tag keys that begin with aws: are reserved.');
    tags.set(key, value);
  }
  return tags;
}

export function checkTagCount(tags: ReadonlyMap<string, string>): void {
  if (tags.size > MOST_TAGS) throw invalidParameter(`A resource can have at most ${MOST_TAGS} tags.`);
}

/** The condition keys that a resource's tags give; none where there is no resource. */
export function resourceTagContext(tags: ReadonlyMap<string, string> = new Map()): ConditionContext {
  return keyed('aws:ResourceTag/', tags);
}
