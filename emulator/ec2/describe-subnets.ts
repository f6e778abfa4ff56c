import type { ServiceContext } from '../world/context.ts';
import { AwsError } from '../core/errors.ts';
import { pageOf } from '../core/paging.ts';
import type { ServiceRequest } from '../core/service.ts';
import type { QueryParameters } from '../query/parameters.ts';
import type { XmlStructure } from '../query/xml.ts';
import { subnetsOf, type Subnet } from './subnets.ts';
import { ANY_CHARACTER, matchesTokens, STAR, type ResolvedToken } from '../iam/policy/pattern.ts';

const PAGE = { min: 5, max: 1000 };

/**
 * Implements DescribeSubnets (EC2 API Reference). Throws `UnauthorizedOperation`, `InvalidSubnetID.NotFound`,
 * `InvalidSubnetID.Malformed` or `DryRunOperation`.
 */
export function describeSubnets(
  context: ServiceContext,
  request: ServiceRequest,
  parameters: QueryParameters,
): XmlStructure {
  const { world } = context;
  const account = world.account(request.caller?.accountId ?? '');
  if (account === undefined) throw new AwsError('AuthFailure', 401, 'The request must be signed.');
  const question = { action: 'ec2:DescribeSubnets', resource: '*', resourceAccount: account.id };
  context.demand(request, question, (message) => {
    return new AwsError('UnauthorizedOperation', 403, `You are not authorized to perform this operation. ${message}`);
  });
  if (parameters.boolean('DryRun') === true) {
    throw new AwsError('DryRunOperation', 412, 'Request would have succeeded, but DryRun flag is set.');
  }
  const own = subnetsOf(world, account);
  const ids = numbered(parameters, 'SubnetId');
  checkIds(ids, own);
  const passes = subnetFilter(parameters);
  const found = own.filter((subnet) => (ids.length === 0 || ids.includes(subnet.id)) && passes(subnet));
  const { items, next } = page(found, parameters, ids.length > 0);
  return { subnetSet: items.map(view), nextToken: next };
}

function checkIds(ids: readonly string[], own: readonly Subnet[]): void {
  for (const id of ids) {
    if (!/^subnet-(?:[0-9a-f]{8}|[0-9a-f]{17})$/.test(id)) {
      throw new AwsError('InvalidSubnetID.Malformed', 400, `Invalid id: "${id}"`);
    }
    if (!own.some((subnet) => subnet.id === id)) {
      throw new AwsError('InvalidSubnetID.NotFound', 400, `The subnet ID '${id}' does not exist`);
    }
  }
}

function page(subnets: readonly Subnet[], parameters: QueryParameters, byId: boolean) {
  const size = maxResults(parameters);
  if (size !== undefined && byId) {
    const text = 'The parameter subnetIds cannot be used with the parameter maxResults';
    throw new AwsError('InvalidParameterCombination', 400, text);
  }
  const invalidToken = () => new AwsError('InvalidNextToken', 400, 'The token is not valid.');
  return pageOf(subnets, ({ id }) => id, { size: size ?? Infinity, token: parameters.text('NextToken'), invalidToken });
}

function maxResults(parameters: QueryParameters): number | undefined {
  const text = parameters.text('MaxResults');
  if (text === undefined) return undefined;
  const number = Number(text);
  if (!/^\d{1,9}$/.test(text) || number < PAGE.min || number > PAGE.max) {
    const rule = `Value ( ${text} ) for parameter maxResults is invalid. Expecting a value between ${PAGE.min} and ${PAGE.max}.`;
    throw new AwsError('InvalidParameterValue', 400, rule);
  }
  return number;
}

function view(subnet: Subnet): XmlStructure {
  return {
    subnetId: subnet.id,
    subnetArn: subnet.arn,
    state: 'available',
    ownerId: subnet.accountId,
    vpcId: subnet.vpcId,
    cidrBlock: subnet.cidrBlock,
    availableIpAddressCount: 4091,
    availabilityZone: subnet.zone,
    availabilityZoneId: subnet.zoneId,
    defaultForAz: true,
    mapPublicIpOnLaunch: true,
    tagSet: [...subnet.tags].map(([key, value]) => ({ key, value })),
  };
}

const VALUES: Readonly<Record<string, (subnet: Subnet) => readonly string[]>> = {
  'subnet-id': ({ id }) => [id],
  'vpc-id': ({ vpcId }) => [vpcId],
  'availability-zone': ({ zone }) => [zone],
  'tag-key': ({ tags }) => [...tags.keys()],
};

/**
 * Returns a predicate for `Filter.N`, whose values may contain `*` and `?`. Throws `InvalidParameterValue` for an
 * unknown filter, `InvalidParameterCombination` for one without values.
 */
function subnetFilter(parameters: QueryParameters): (subnet: Subnet) => boolean {
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

/** Reads a list in EC2's form: `name.1` and so on. For structures, reads their `member` (`.Name`). */
export function numbered(parameters: QueryParameters, name: string, member = ''): readonly string[] {
  const members: string[] = [];
  for (let n = 1; ; n += 1) {
    const text = parameters.text(`${name}.${n}${member}`);
    if (text === undefined) return members;
    members.push(text);
  }
}

/** `*` and `?` are wildcards; `\` escapes them. */
function pattern(value: string): readonly ResolvedToken[] {
  return (value.match(/\\?[^]/gu) ?? []).map((text) => {
    if (text === '*') return STAR;
    if (text === '?') return ANY_CHARACTER;
    return text.length > 1 && text.startsWith('\\') ? text.slice(1) : text;
  });
}
