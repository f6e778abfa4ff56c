import { CreateClusterCommand, CreateNodegroupCommand, DeleteNodegroupCommand, EKSClient } from '@aws-sdk/client-eks';
import {
  CreateVpcEndpointCommand,
  DeleteVpcEndpointsCommand,
  DescribeInstancesCommand,
  DescribeVpcEndpointsCommand,
  EC2Client,
  EC2ServiceException,
  ModifyInstanceMetadataOptionsCommand,
  ModifyVpcEndpointCommand,
  type DescribeInstancesCommandInput,
  type Instance,
  type ModifyInstanceMetadataOptionsCommandInput,
} from '@aws-sdk/client-ec2';
import {
  CreateRoleCommand,
  GetInstanceProfileCommand,
  IAMClient,
  ListInstanceProfilesForRoleCommand,
} from '@aws-sdk/client-iam';
import { expect } from 'chai';
import { startEmulator, type Emulator } from '../start.ts';
import { recordingProvider, SUBNETS, type RecordedCluster } from '../../test/support/emulator/eks.ts';

const VPC = 'vpc-00000000000000000';
const TRUST = (service: string) =>
  JSON.stringify({
    Version: '2012-10-17',
    Statement: { Effect: 'Allow', Principal: { Service: service }, Action: 'sts:AssumeRole' },
  });

describe('instances of the EC2 emulator', () => {
  let emulator: Emulator;
  let ec2: EC2Client;
  let iam: IAMClient;
  let eks: EKSClient;
  let node: string | undefined;
  const clusters = new Map<string, RecordedCluster>();

  before(async () => {
    emulator = await startEmulator({ clusterProvider: recordingProvider(clusters) });
    const { endpoint, region, administrator } = emulator;
    const { accessKeyId, secretAccessKey } = administrator;
    const config = { endpoint, region, credentials: { accessKeyId, secretAccessKey }, maxAttempts: 1 };
    [ec2, iam, eks] = [new EC2Client(config), new IAMClient(config), new EKSClient(config)];
    const role = async (RoleName: string, service: string) =>
      (await iam.send(new CreateRoleCommand({ RoleName, AssumeRolePolicyDocument: TRUST(service) }))).Role?.Arn;
    node = await role('node', 'ec2.amazonaws.com');
    await eks.send(
      new CreateClusterCommand({
        name: 'blue',
        roleArn: await role('cluster', 'eks.amazonaws.com'),
        resourcesVpcConfig: { subnetIds: SUBNETS },
      }),
    );
    await group('workers', 2);
    await group('tools', 1);
  });
  after(() => emulator.close());

  const group = (nodegroupName: string, desiredSize: number) =>
    eks.send(
      new CreateNodegroupCommand({
        clusterName: 'blue',
        nodegroupName,
        nodeRole: node,
        subnets: SUBNETS,
        scalingConfig: { minSize: 1, maxSize: 2, desiredSize },
      }),
    );
  const instances = async (input: DescribeInstancesCommandInput = {}): Promise<readonly Instance[]> =>
    ((await ec2.send(new DescribeInstancesCommand(input))).Reservations ?? []).flatMap(
      ({ Instances = [] }) => Instances,
    );
  const byGroup = (name: string) => instances({ Filters: [{ Name: 'tag:eks:nodegroup-name', Values: [name] }] });
  const failure = async (sent: Promise<unknown>): Promise<string> => {
    try {
      await sent;
    } catch (error) {
      if (error instanceof EC2ServiceException) return `${error.$metadata.httpStatusCode} ${error.name}`;
      throw error;
    }
    throw new Error('the call succeeded');
  };

  it('are the nodes of node groups, in the subnets of the group', async () => {
    const workers = await byGroup('workers');
    const [first] = workers;
    expect(await instances()).to.have.length(3);
    expect(workers.map(({ SubnetId }) => SubnetId)).to.have.members(SUBNETS);
    expect(first?.State?.Name).to.equal('running');
    expect(first?.Tags).to.deep.include({ Key: 'eks:cluster-name', Value: 'blue' });
    expect(first?.MetadataOptions).to.deep.equal({
      State: 'applied',
      HttpTokens: 'required',
      HttpPutResponseHopLimit: 2,
      HttpEndpoint: 'enabled',
    });
    const recorded = clusters.get('blue')!.nodeGroups.get('workers')!;
    const last = workers.find(({ InstanceId }) => InstanceId === recorded.instance.id);
    expect(last?.Placement?.AvailabilityZone).to.equal('us-west-2b').and.to.equal(recorded.instance.zone);
  });

  it('have the credentials of their instance profile', async () => {
    const [instance] = await byGroup('tools');
    const { Arn, Id } = instance!.IamInstanceProfile!;
    const name = Arn!.split('/').at(-1)!;
    const answer = await iam.send(new GetInstanceProfileCommand({ InstanceProfileName: name }));
    expect(answer.InstanceProfile).to.include({ Arn, InstanceProfileId: Id, InstanceProfileName: name });
    expect(answer.InstanceProfile?.Roles?.map((role) => role.Arn)).to.deep.equal([node]);
    const listed = await iam.send(new ListInstanceProfilesForRoleCommand({ RoleName: 'node' }));
    expect(listed.InstanceProfiles).to.have.length(2);
    const missing = iam.send(new GetInstanceProfileCommand({ InstanceProfileName: 'none' }));
    expect(await missing.catch((error: Error) => error)).to.have.property('name', 'NoSuchEntityException');
  });

  it('are filtered, and found by id', async () => {
    const [instance] = await byGroup('tools');
    const ids = [instance!.InstanceId!];
    expect(await instances({ InstanceIds: ids })).to.deep.equal([instance]);
    const unknown = ['i-00000000000000000', ...ids];
    expect(await instances({ Filters: [{ Name: 'instance-id', Values: unknown }] })).to.deep.equal([instance]);
    expect(await failure(instances({ InstanceIds: unknown }))).to.equal('400 InvalidInstanceID.NotFound');
    expect(await failure(instances({ InstanceIds: ['i-1'] }))).to.equal('400 InvalidInstanceID.Malformed');
  });

  it('change their metadata options', async () => {
    const [instance] = await byGroup('tools');
    const InstanceId = instance!.InstanceId!;
    const modify = (input: Partial<ModifyInstanceMetadataOptionsCommandInput>) =>
      ec2.send(new ModifyInstanceMetadataOptionsCommand({ InstanceId, ...input }));
    const { InstanceMetadataOptions } = await modify({ HttpPutResponseHopLimit: 1, HttpTokens: 'optional' });
    expect(InstanceMetadataOptions).to.include({ HttpPutResponseHopLimit: 1, HttpTokens: 'optional' });
    await modify({ HttpEndpoint: 'disabled' });
    const [changed] = await byGroup('tools');
    expect(changed?.MetadataOptions).to.deep.equal({ ...InstanceMetadataOptions, HttpEndpoint: 'disabled' });
    expect(clusters.get('blue')!.nodeGroups.get('tools')!.instance.metadataOptions.httpEndpoint).to.equal('disabled');
    expect(await failure(modify({ HttpPutResponseHopLimit: 65 }))).to.equal('400 InvalidParameterValue');
    expect(await failure(modify({ HttpTokens: 'never' as 'optional' }))).to.equal('400 InvalidParameterValue');
  });

  it('end with their node group', async () => {
    await group('short', 1);
    const [instance] = await byGroup('short');
    await eks.send(new DeleteNodegroupCommand({ clusterName: 'blue', nodegroupName: 'short' }));
    expect(await byGroup('short')).to.deep.equal([]);
    const InstanceIds = [instance!.InstanceId!];
    expect(await failure(instances({ InstanceIds }))).to.equal('400 InvalidInstanceID.NotFound');
  });

  it('share a VPC with interface endpoints, whose private DNS can be changed', async () => {
    const ServiceName = 'com.amazonaws.us-west-2.eks-auth';
    const input = { VpcId: VPC, ServiceName, VpcEndpointType: 'Interface' } as const;
    const { VpcEndpoint } = await ec2.send(new CreateVpcEndpointCommand({ ...input, PrivateDnsEnabled: false }));
    expect(VpcEndpoint).to.include({ ...input, State: 'pending', PrivateDnsEnabled: false });
    const { VpcEndpointId } = VpcEndpoint!;
    await ec2.send(new ModifyVpcEndpointCommand({ VpcEndpointId, PrivateDnsEnabled: true }));
    emulator.clock.advance(60_000);
    const list = new DescribeVpcEndpointsCommand({ Filters: [{ Name: 'vpc-id', Values: [VPC] }] });
    expect((await ec2.send(list)).VpcEndpoints).to.deep.equal([
      { ...VpcEndpoint, State: 'available', PrivateDnsEnabled: true },
    ]);
    await ec2.send(new DeleteVpcEndpointsCommand({ VpcEndpointIds: [VpcEndpointId!] }));
    expect((await ec2.send(list)).VpcEndpoints ?? []).to.deep.equal([]);
    const elsewhere = new CreateVpcEndpointCommand({ ...input, VpcId: 'vpc-1' });
    expect(await failure(ec2.send(elsewhere))).to.equal('400 InvalidVpcId.NotFound');
  });
});
