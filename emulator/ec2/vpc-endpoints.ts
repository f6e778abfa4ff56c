import { AwsError } from '../../foundation/aws/aws-error.ts';
import { randomString } from '../core/random.ts';
import { timestamp, type XmlStructure } from '../query/xml.ts';
import type { VpcEndpoint } from '../world/ec2-model.ts';
import type { World } from '../world/world.ts';
import { byId, demand, describedPage, numbered, tagSet, type DescribedKind, type Ec2Call } from './describe.ts';
import type { Ec2Operation } from './describe.ts';
import { subnetsOf } from './subnets.ts';

const ENDPOINTS: DescribedKind<VpcEndpoint> = {
  action: 'ec2:DescribeVpcEndpoints',
  prefix: 'vpce',
  parameter: 'VpcEndpointId',
  errorCode: 'InvalidVpcEndpointId',
  noun: 'Vpc Endpoint Id',
  all: ({ account }) => [...account.vpcEndpoints.values()],
  filters: {
    'vpc-endpoint-id': ({ id }) => [id],
    'vpc-endpoint-type': ({ type }) => [type],
    'vpc-id': ({ vpcId }) => [vpcId],
    'service-name': ({ serviceName }) => [serviceName],
  },
};

/** Milliseconds until a new interface endpoint is available (AWS PrivateLink Guide, "Interface endpoint states"). */
const CREATION = 60_000;

const stateOf = ({ type, createdAt }: VpcEndpoint, { clock }: World): string =>
  type === 'Interface' && clock.now() < createdAt + CREATION ? 'pending' : 'available';

const arnOf = ({ account, world }: Ec2Call, resource: string): string =>
  `arn:${world.partition}:ec2:${world.region}:${account.id}:${resource}`;

/** Implements DescribeVpcEndpoints (EC2 API Reference). */
export const describeVpcEndpoints: Ec2Operation = (call) => {
  const { items, next } = describedPage(ENDPOINTS, call);
  return { vpcEndpointSet: items.map((endpoint) => view(endpoint, call.world)), nextToken: next };
};

/** Implements CreateVpcEndpoint (EC2 API Reference). Policies, subnets and security groups have no effect. */
export const createVpcEndpoint: Ec2Operation = (call) => {
  const { account, parameters, world } = call;
  const vpcId = parameters.text('VpcId') ?? '';
  demand(call, 'ec2:CreateVpcEndpoint', [arnOf(call, 'vpc-endpoint/*'), arnOf(call, `vpc/${vpcId}`)]);
  if (!subnetsOf(world, account).some((subnet) => subnet.vpcId === vpcId))
    throw new AwsError('InvalidVpcId.NotFound', 400, `The Vpc Id ${vpcId} does not exist`);
  const type = parameters.text('VpcEndpointType') ?? 'Gateway';
  const endpoint: VpcEndpoint = {
    id: `vpce-${randomString(world.random, 17, '0123456789abcdef')}`,
    vpcId,
    type,
    serviceName: parameters.text('ServiceName') ?? '',
    createdAt: world.clock.now(),
    tags: new Map(),
    privateDnsEnabled: type === 'Interface' && (parameters.boolean('PrivateDnsEnabled') ?? true),
  };
  account.vpcEndpoints.set(endpoint.id, endpoint);
  return { vpcEndpoint: view(endpoint, world) };
};

/** Implements ModifyVpcEndpoint (EC2 API Reference) for private DNS. */
export const modifyVpcEndpoint: Ec2Operation = (call) => {
  const { account, parameters } = call;
  const id = parameters.text('VpcEndpointId') ?? '';
  demand(call, 'ec2:ModifyVpcEndpoint', [arnOf(call, `vpc-endpoint/${id}`)]);
  const endpoint = byId(ENDPOINTS, [...account.vpcEndpoints.values()], id);
  endpoint.privateDnsEnabled = parameters.boolean('PrivateDnsEnabled') ?? endpoint.privateDnsEnabled;
  return { return: true };
};

/** Implements DeleteVpcEndpoints (EC2 API Reference). */
export const deleteVpcEndpoints: Ec2Operation = (call) => {
  const { account, parameters } = call;
  const ids = numbered(parameters, ENDPOINTS.parameter);
  const arns = ids.map((id) => arnOf(call, `vpc-endpoint/${id}`));
  demand(call, 'ec2:DeleteVpcEndpoints', arns);
  for (const id of ids) byId(ENDPOINTS, [...account.vpcEndpoints.values()], id);
  for (const id of ids) account.vpcEndpoints.delete(id);
  return { unsuccessful: [] };
};

function view(endpoint: VpcEndpoint, world: World): XmlStructure {
  const { id, vpcId, serviceName, type, createdAt, tags, privateDnsEnabled } = endpoint;
  return {
    vpcEndpointId: id,
    vpcEndpointType: type,
    vpcId,
    serviceName,
    state: stateOf(endpoint, world),
    privateDnsEnabled,
    creationTimestamp: timestamp(createdAt),
    tagSet: tagSet(tags),
  };
}
