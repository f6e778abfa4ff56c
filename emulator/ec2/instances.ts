import { AwsError } from '../../foundation/aws/aws-error.ts';
import { timestamp, type XmlStructure } from '../query/xml.ts';
import type { Instance, MetadataOptions } from '../world/ec2-model.ts';
import { byId, demand, describedPage, tagSet, type DescribedKind, type Ec2Operation } from './describe.ts';

const INSTANCES: DescribedKind<Instance> = {
  action: 'ec2:DescribeInstances',
  prefix: 'i',
  parameter: 'InstanceId',
  errorCode: 'InvalidInstanceID',
  noun: 'instance ID',
  all: ({ account }) => [...account.instances.values()],
  filters: {
    'instance-id': ({ id }) => [id],
    'instance-state-name': () => ['running'],
    'subnet-id': ({ subnetId }) => [subnetId],
    'vpc-id': ({ vpcId }) => [vpcId],
    'availability-zone': ({ zone }) => [zone],
    'private-dns-name': ({ privateDnsName }) => [privateDnsName],
    'iam-instance-profile.arn': ({ profile }) => [profile.arn],
    'metadata-options.http-tokens': ({ metadataOptions }) => [metadataOptions.httpTokens],
  },
};

/** Implements DescribeInstances (EC2 API Reference). The instances are the nodes of clusters; terminated ones are absent. */
export const describeInstances: Ec2Operation = (call) => {
  const { items, next } = describedPage(INSTANCES, call);
  const reservationSet = items.map((instance) => ({
    reservationId: instance.id.replace(/^i/, 'r'),
    ownerId: call.account.id,
    instancesSet: [view(instance)],
  }));
  return { reservationSet, nextToken: next };
};

/** Implements ModifyInstanceMetadataOptions (EC2 API Reference). */
export const modifyInstanceMetadataOptions: Ec2Operation = (call) => {
  const { account, parameters, world } = call;
  const id = parameters.text('InstanceId') ?? '';
  const arn = `arn:${world.partition}:ec2:${world.region}:${account.id}:instance/${id}`;
  demand(call, 'ec2:ModifyInstanceMetadataOptions', [arn]);
  const instance = byId(INSTANCES, [...account.instances.values()], id);
  const given = <Value extends string>(name: string, allowed: readonly Value[], current: Value): Value => {
    const value = parameters.text(name) ?? current;
    const allowedValue = allowed.find((one) => one === value);
    if (allowedValue !== undefined) return allowedValue;
    throw new AwsError('InvalidParameterValue', 400, `Invalid value '${value}' for ${name}`);
  };
  const { metadataOptions: now } = instance;
  const httpPutResponseHopLimit = parameters.integer('HttpPutResponseHopLimit') ?? now.httpPutResponseHopLimit;
  if (httpPutResponseHopLimit < 1 || httpPutResponseHopLimit > 64)
    throw new AwsError('InvalidParameterValue', 400, 'HttpPutResponseHopLimit must be between 1 and 64');
  instance.metadataOptions = {
    httpTokens: given('HttpTokens', ['required', 'optional'], now.httpTokens),
    httpEndpoint: given('HttpEndpoint', ['enabled', 'disabled'], now.httpEndpoint),
    httpPutResponseHopLimit,
  };
  return { instanceId: id, instanceMetadataOptions: metadataView(instance.metadataOptions) };
};

const metadataView = (options: MetadataOptions): XmlStructure => ({ state: 'applied', ...options });

function view(instance: Instance): XmlStructure {
  const { id, launchedAt, subnetId, vpcId, zone, privateDnsName, profile, tags, metadataOptions } = instance;
  return {
    instanceId: id,
    instanceState: { code: 16, name: 'running' },
    privateDnsName,
    launchTime: timestamp(launchedAt),
    placement: { availabilityZone: zone },
    subnetId,
    vpcId,
    iamInstanceProfile: { arn: profile.arn, id: profile.id },
    metadataOptions: metadataView(metadataOptions),
    tagSet: tagSet(tags),
  };
}
