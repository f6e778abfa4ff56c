import type { ServiceContext } from '../core/context.ts';
import { AwsError } from '../core/errors.ts';
import type { ServiceRequest } from '../core/service.ts';
import type { QueryParameters } from '../query/parameters.ts';
import type { XmlStructure } from '../query/xml.ts';
import { numbered, subnetFilter } from './filters.ts';
import { subnetsOf, type Subnet } from './subnets.ts';

const PAGE = { min: 5, max: 1000 };

/**
 * The caller's subnets (EC2 API Reference, DescribeSubnets), which `ec2:DescribeSubnets` on `*` allows to see.
 * @throws AwsError `UnauthorizedOperation`, `InvalidSubnetID.NotFound`, `InvalidSubnetID.Malformed`, `DryRunOperation`
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
  const { shown, nextToken } = page(found, parameters, ids.length > 0);
  return { subnetSet: shown.map(view), nextToken };
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

/** A token names the last subnet given. */
function page(found: readonly Subnet[], parameters: QueryParameters, byId: boolean) {
  const size = maxResults(parameters);
  if (size !== undefined && byId) {
    const text = 'The parameter subnetIds cannot be used with the parameter maxResults';
    throw new AwsError('InvalidParameterCombination', 400, text);
  }
  const token = parameters.text('NextToken');
  const after = token === undefined ? '' : Buffer.from(token, 'base64url').toString();
  if (token !== undefined && !after.startsWith('subnet-')) {
    throw new AwsError('InvalidNextToken', 400, 'The token is not valid.');
  }
  const remaining = found.filter(({ id }) => id > after);
  const shown = remaining.slice(0, size);
  const last = shown.length < remaining.length ? shown.at(-1) : undefined;
  return { shown, nextToken: last === undefined ? undefined : Buffer.from(last.id).toString('base64url') };
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
