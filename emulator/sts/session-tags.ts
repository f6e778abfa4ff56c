import { AwsError, errorKind, validationError } from '../../foundation/aws/aws-error.ts';
import type { Principal, SessionTag } from '../../identity/policy/principal.ts';
import type { EmulatorSettings } from '../core/settings.ts';
import { inheritedTags, overriddenTag } from '../../identity/session-tags.ts';

export interface Tag {
  readonly key: string;
  readonly value: string;
}

/** IAM User Guide, "IAM and AWS STS quotas"; lengths are in characters. */
const MAX_TAGS = 50;
const MAX_KEY_LENGTH = 128;
const MAX_VALUE_LENGTH = 256;
const TAG_CHARACTERS = /^[\p{L}\p{Z}\p{N}_.:/=+\-@]*$/u;

/**
 * Returns the tags passed in the call (IAM User Guide, "Pass session tags in AWS STS"). Throws `ValidationError`, `InvalidParameterValue` for duplicates, or `settings.transitiveTagOverrideError`.
 */
export function sessionTags(
  passed: readonly Tag[],
  transitiveKeys: readonly string[],
  principal: Principal,
  settings: EmulatorSettings,
): readonly SessionTag[] {
  passed.forEach(checkTag);
  const keys = new Set(passed.map((tag) => fold(tag.key)));
  if (keys.size < passed.length) {
    throw invalidParameter('Duplicate tag keys found. Please note that Tag keys are case insensitive.');
  }
  const transitive = new Set(transitiveKeys.map(fold));
  const inherited = inheritedTags(principal);
  if (overriddenTag(passed, transitiveKeys, principal) !== undefined) {
    const code = settings.transitiveTagOverrideError;
    throw new AwsError(
      code,
      code === 'AccessDenied' ? 403 : 400,
      "One of the specified transitive tag keys can't be set because it conflicts with a transitive tag key from the " +
        'calling session.',
    );
  }
  if ([...transitive].some((key) => !keys.has(key))) {
    throw invalidParameter('The specified transitive tag key must be included in the requested tags.');
  }
  const tags = passed.map((tag) => ({ key: tag.key, value: tag.value, transitive: transitive.has(fold(tag.key)) }));
  const count = tags.length + inherited.length;
  if (count > MAX_TAGS) {
    throw validationError(`A session can have at most ${MAX_TAGS} tags; this one would have ${count}.`);
  }
  return tags;
}

/** Counts characters, not UTF-16 units. */
const characters = (text: string): number => [...text].length;

function checkTag(tag: Tag): void {
  if (tag.key === '' || characters(tag.key) > MAX_KEY_LENGTH) {
    throw validationError(`Tag keys must have between 1 and ${MAX_KEY_LENGTH} characters.`);
  }
  if (characters(tag.value) > MAX_VALUE_LENGTH) {
    throw validationError(`The value of tag ${tag.key} must have at most ${MAX_VALUE_LENGTH} characters.`);
  }
  if (!TAG_CHARACTERS.test(tag.key) || !TAG_CHARACTERS.test(tag.value)) {
    throw validationError(`Tag ${tag.key} has a character that tags cannot have.`);
  }
  if (fold(tag.key).startsWith('aws:')) {
    throw invalidParameter('Tag keys beginning with aws: are reserved for AWS.');
  }
}

function fold(key: string): string {
  return key.toLowerCase();
}

const invalidParameter = errorKind('InvalidParameterValue', 400);
