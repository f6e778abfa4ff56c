import { EC2Client, type DescribeSubnetsCommandInput, type Subnet } from '@aws-sdk/client-ec2';
import { expect } from 'chai';
import { findSubnets } from './subnets.ts';

const subnet = (VpcId: string, zone: string, role: 'elb' | 'internal-elb', MapPublicIpOnLaunch = true): Subnet => ({
  MapPublicIpOnLaunch,
  VpcId,
  SubnetId: `subnet-${VpcId}-${zone}-${role}`,
  AvailabilityZone: zone,
  Tags: [{ Key: `kubernetes.io/role/${role}`, Value: '1' }],
});

/** Returns an EC2 client that returns one subnet per page. */
const ec2With = (...subnets: Subnet[]): EC2Client =>
  Object.assign(new EC2Client({ region: 'us-west-2' }), {
    send: async ({ input }: { input: DescribeSubnetsCommandInput }) => {
      const index = Number(input.NextToken ?? 0);
      return {
        Subnets: subnets.slice(index, index + 1),
        ...(index + 1 < subnets.length && { NextToken: String(index + 1) }),
      };
    },
  });

const refusal = async (ec2: EC2Client): Promise<unknown> =>
  findSubnets(ec2, 'us-west-2').then(
    (found) => expect.fail(`it found ${found.nodes.join()}`),
    (error: unknown) => error,
  );

describe('subnets for a cluster', () => {
  it('are the internal ones if they span two zones', async () => {
    const ec2 = ec2With(subnet('v', 'a', 'elb'), subnet('v', 'a', 'internal-elb'), subnet('v', 'b', 'internal-elb'));
    const internal = ['subnet-v-a-internal-elb', 'subnet-v-b-internal-elb'];
    expect(await findSubnets(ec2, 'us-west-2')).to.deep.equal({ controlPlane: internal, nodes: internal });
  });

  it('are all subnets if the internal ones are in one zone', async () => {
    const ec2 = ec2With(subnet('v', 'a', 'elb'), subnet('v', 'b', 'elb'), subnet('v', 'b', 'internal-elb'));
    const { controlPlane, nodes } = await findSubnets(ec2, 'us-west-2');
    expect(controlPlane).to.have.length(3);
    expect(nodes, 'of nodes').to.deep.equal(['subnet-v-b-internal-elb']);
  });

  it('belong to the only VPC with subnets in two zones', async () => {
    const ec2 = ec2With(subnet('w', 'a', 'elb'), subnet('v', 'a', 'elb'), subnet('v', 'b', 'elb'));
    expect(await findSubnets(ec2, 'us-west-2'))
      .to.have.property('controlPlane')
      .that.deep.equals(['subnet-v-a-elb', 'subnet-v-b-elb']);
  });

  it('must assign public addresses to nodes if no subnet is internal', async () => {
    const ec2 = ec2With(subnet('v', 'a', 'elb', false), subnet('v', 'b', 'elb'));
    expect(await findSubnets(ec2, 'us-west-2')).to.deep.equal({
      controlPlane: ['subnet-v-a-elb', 'subnet-v-b-elb'],
      nodes: ['subnet-v-b-elb'],
    });
    const error = await refusal(ec2With(subnet('v', 'a', 'elb', false), subnet('v', 'b', 'elb', false)));
    expect(error).to.include({ code: 'NO_SUBNETS', blame: 'usage' });
    expect((error as Error).message).to.contain('The subnets of v tagged kubernetes.io/role/elb give nodes no');
  });

  it('must be named if several VPCs qualify', async () => {
    const error = await refusal(ec2With(...['v', 'w'].flatMap((vpc) => ['a', 'b'].map((z) => subnet(vpc, z, 'elb')))));
    expect(error).to.include({ code: 'NO_SUBNETS', blame: 'usage' });
    expect((error as Error).message).to.contain('(v, w). Name subnets of one VPC with --subnet-ids');
  });

  it('must be tagged or named', async () => {
    expect(await refusal(ec2With()))
      .to.have.property('message')
      .that.contains('No VPC of us-west-2');
    expect(await refusal(ec2With(subnet('v', 'a', 'elb'))))
      .to.have.property('message')
      .that.contains('the subnets of v are in one zone');
  });
});
