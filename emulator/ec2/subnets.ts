import type { XmlStructure } from '../query/xml.ts';
import type { Account, World } from '../world/world.ts';
import { describedPage, tagSet, type DescribedKind, type Ec2Operation } from './describe.ts';

/** A subnet of an account's default VPC, which never changes. */
export interface Subnet {
  readonly id: string;
  readonly vpcId: string;
  readonly accountId: string;
  readonly arn: string;
  /** For example `us-west-2a`. */
  readonly zone: string;
  /** For example `usw2-az1`. Unlike a zone's name, it means the same place in every account. */
  readonly zoneId: string;
  readonly cidrBlock: string;
  readonly tags: ReadonlyMap<string, string>;
}

const ZONES = ['a', 'b', 'c'];

/**
 * Returns the default VPC's subnets: one public, EKS-tagged subnet in each of three zones (Amazon VPC User Guide,
 * "Default VPC components"). Their ids are predictable; the first is `subnet-0000000000000000a`.
 */
export function subnetsOf(world: World, account: Account): readonly Subnet[] {
  const { region, partition } = world;
  const number = [...world.accounts.keys()].indexOf(account.id).toString(16).padStart(16, '0');
  return ZONES.map((letter, index) => ({
    id: `subnet-${number}${letter}`,
    vpcId: `vpc-${number}0`,
    accountId: account.id,
    arn: `arn:${partition}:ec2:${region}:${account.id}:subnet/subnet-${number}${letter}`,
    zone: `${region}${letter}`,
    zoneId: `${shortRegion(region)}-az${index + 1}`,
    cidrBlock: `172.31.${index * 16}.0/20`,
    tags: new Map([
      ['Name', `default-${region}${letter}`],
      ['kubernetes.io/role/elb', '1'],
    ]),
  }));
}

/** `us-west-2` -> `usw2`, `ap-southeast-1` -> `apse1` (AWS RAM User Guide, "Availability Zone IDs"). */
function shortRegion(region: string): string {
  return region.replaceAll(/north|south|east|west|central|gov/g, (word) => word.charAt(0)).replaceAll('-', '');
}

const SUBNETS: DescribedKind<Subnet> = {
  action: 'ec2:DescribeSubnets',
  prefix: 'subnet',
  parameter: 'SubnetId',
  errorCode: 'InvalidSubnetID',
  noun: 'subnet ID',
  all: ({ world, account }) => subnetsOf(world, account),
  filters: {
    'subnet-id': ({ id }) => [id],
    'vpc-id': ({ vpcId }) => [vpcId],
    'availability-zone': ({ zone }) => [zone],
  },
};

/** Implements DescribeSubnets (EC2 API Reference). */
export const describeSubnets: Ec2Operation = (call) => {
  const { items, next } = describedPage(SUBNETS, call);
  return { subnetSet: items.map(view), nextToken: next };
};

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
    tagSet: tagSet(subnet.tags),
  };
}
