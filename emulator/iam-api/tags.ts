import { requestTagContext } from '../../identity/policy/tag-context.ts';
import type { QueryParameters } from '../query/parameters.ts';
import type { XmlStructure } from '../query/xml.ts';
import type { ConditionContext } from '../../identity/policy/index.ts';
import { page, type IamCall, type IamOperation } from './call.ts';
import { invalidInput, limitExceeded } from './errors.ts';

type Tags = ReadonlyMap<string, string>;

const MAX_TAGS = 50;

/** Throws `InvalidInput` (400) for keys that differ only in case and for the prefix `aws:`. */
export function readTags(parameters: QueryParameters): ReadonlyMap<string, string> {
  const tags = new Map<string, string>();
  const seen = new Set<string>();
  for (const tag of parameters.structures('Tags') ?? []) {
    const key = tag.required('Key');
    const value = tag.required('Value');
    const folded = key.toLowerCase();
    if (folded.startsWith('aws:')) throw invalidInput('Tag keys beginning with aws: are reserved for AWS.');
    if (seen.has(folded)) {
      throw invalidInput('Duplicate tag keys found. Please note that Tag keys are case insensitive.');
    }
    seen.add(folded);
    tags.set(key, value);
  }
  if (tags.size > MAX_TAGS) throw tooManyTags();
  return tags;
}

/** Replaces tags with the same key in any case. */
function withTags(present: Tags, added: Tags): Tags {
  const result = new Map([...withoutTags(present, [...added.keys()]), ...added]);
  if (result.size > MAX_TAGS) throw tooManyTags();
  return result;
}

function withoutTags(present: Tags, keys: readonly string[]): Tags {
  const gone = new Set(keys.map((key) => key.toLowerCase()));
  return new Map([...present].filter(([key]) => !gone.has(key.toLowerCase())));
}

export function tagList(tags: Iterable<readonly [string, string]>): readonly XmlStructure[] {
  return [...tags].map(([Key, Value]) => ({ Key, Value }));
}

function tooManyTags(): Error {
  return limitExceeded(`Cannot exceed quota for TagsPerResource: ${MAX_TAGS}`);
}

interface TaggedKind<Entity> {
  /** Returns the named entity if the caller may call `action` on it. */
  readonly demand: (call: IamCall, action: string, conditionKeys?: ConditionContext) => Entity;
  /** Like `demand`, for a change. */
  readonly demandOwn?: TaggedKind<Entity>['demand'];
  change(call: IamCall, entity: Entity, change: { readonly tags: Tags }): void;
}

export function tagOperations<Kind extends string, Entity extends { readonly tags: Tags }>(
  kind: Kind,
  tagged: TaggedKind<Entity>,
) {
  const demandOwn = tagged.demandOwn ?? tagged.demand;
  const tag: IamOperation = (call) => {
    const tags = readTags(call.parameters);
    const entity = demandOwn(call, `iam:Tag${kind}`, requestTagContext(tags));
    tagged.change(call, entity, { tags: withTags(entity.tags, tags) });
  };
  const untag: IamOperation = (call) => {
    const keys = call.parameters.texts('TagKeys') ?? [];
    const entity = demandOwn(call, `iam:Untag${kind}`, keys.length > 0 ? { 'aws:TagKeys': keys } : {});
    tagged.change(call, entity, { tags: withoutTags(entity.tags, keys) });
  };
  const list: IamOperation = (call) => {
    const { tags } = tagged.demand(call, `iam:List${kind}Tags`);
    const { items, members } = page(tags, ([key]) => key, call.parameters);
    return { Tags: tagList(items), ...members };
  };
  return { [`Tag${kind}`]: tag, [`Untag${kind}`]: untag, [`List${kind}Tags`]: list };
}
