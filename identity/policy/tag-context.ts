type Tags = ReadonlyMap<string, string>;

/** Returns the condition keys of a request's tags (IAM User Guide, "AWS global condition context keys"). */
export function requestTagContext(tags: Tags): Record<string, string | readonly string[]> {
  if (tags.size === 0) return {};
  return { ...keyed('aws:RequestTag/', tags), 'aws:TagKeys': [...tags.keys()] };
}

export function keyed(prefix: string, tags: Iterable<readonly [string, string]>): Record<string, string> {
  const keys: Record<string, string> = {};
  for (const [key, value] of tags) keys[prefix + key] = value;
  return keys;
}

export function resourceTagKeys(tags: Iterable<readonly [string, string]> | undefined): Record<string, string> {
  return tags === undefined ? {} : { ...keyed('aws:ResourceTag/', tags), ...keyed('iam:ResourceTag/', tags) };
}
