import { AwsError } from '../core/errors.ts';
import { ANY_CHARACTER, matchesTokens, STAR, type ResolvedToken } from '../iam/policy/pattern.ts';
import type { QueryParameters } from '../query/parameters.ts';
import type { Subnet } from './subnets.ts';

const VALUES: Readonly<Record<string, (subnet: Subnet) => readonly string[]>> = {
  'subnet-id': ({ id }) => [id],
  'vpc-id': ({ vpcId }) => [vpcId],
  'availability-zone': ({ zone }) => [zone],
  'tag-key': ({ tags }) => [...tags.keys()],
};

/**
 * Which subnets pass all filters of a call (EC2 API Reference, DescribeSubnets, `Filter.N`). Values may hold `*` and `?`.
 * @throws AwsError `InvalidParameterValue` for a filter that there is not, `InvalidParameterCombination` without values
 */
export function subnetFilter(parameters: QueryParameters): (subnet: Subnet) => boolean {
  const filters = numbered(parameters, 'Filter', '.Name').map((name, index) => {
    const values = numbered(parameters, `Filter.${index + 1}.Value`);
    if (values.length > 0) return { name, values };
    throw new AwsError('InvalidParameterCombination', 400, `The filter '${name}' must have at least one value`);
  });
  const tests = filters.map(({ name, values }) => {
    const valuesOf = reader(name);
    const patterns = values.map(pattern);
    return (subnet: Subnet) => valuesOf(subnet).some((value) => patterns.some((like) => matchesTokens(like, value)));
  });
  return (subnet) => tests.every((test) => test(subnet));
}

function reader(name: string): (subnet: Subnet) => readonly string[] {
  if (name.startsWith('tag:')) {
    const key = name.slice('tag:'.length);
    return ({ tags }) => {
      const value = tags.get(key);
      return value === undefined ? [] : [value];
    };
  }
  const found = Object.hasOwn(VALUES, name) ? VALUES[name] : undefined;
  if (found === undefined) throw new AwsError('InvalidParameterValue', 400, `The filter '${name}' is invalid`);
  return found;
}

/** The members of a list in EC2's form: `name.1`, `name.2` and so on; of one of structures, their `member` (`.Name`). */
export function numbered(parameters: QueryParameters, name: string, member = ''): readonly string[] {
  const members: string[] = [];
  for (let n = 1; ; n += 1) {
    const text = parameters.text(`${name}.${n}${member}`);
    if (text === undefined) return members;
    members.push(text);
  }
}

/** `*` and `?` are wildcards; `\` takes the meaning of the character after it away. */
function pattern(value: string): readonly ResolvedToken[] {
  return (value.match(/\\?[^]/gu) ?? []).map((text) => {
    if (text === '*') return STAR;
    if (text === '?') return ANY_CHARACTER;
    return text.length > 1 && text.startsWith('\\') ? text.slice(1) : text;
  });
}
