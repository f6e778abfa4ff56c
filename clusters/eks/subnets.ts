import type { EC2Client, Subnet } from '@aws-sdk/client-ec2';
import { ClusterError } from '../../foundation/node/cluster-error.ts';

/** Tags for load balancers (EKS User Guide, "Route TCP and UDP traffic with Network Load Balancers"). */
const INTERNAL = 'kubernetes.io/role/internal-elb';
const PUBLIC = 'kubernetes.io/role/elb';
/** A control plane needs two zones (EKS User Guide, "View Amazon EKS networking requirements for VPC and subnets"). */
const ZONES = 2;

export interface ClusterSubnets {
  readonly controlPlane: readonly string[];
  readonly nodes: readonly string[];
}

/**
 * Finds the VPC's subnets tagged for EKS. The control plane gets the internal ones if they span two zones, or else all. The
 * nodes get the internal ones, or else public ones that assign addresses, which EKS requires (EKS User Guide,
 * Ec2SubnetInvalidConfiguration). Throws NO_SUBNETS and EC2 errors.
 */
export async function findSubnets(ec2: EC2Client, region: string): Promise<ClusterSubnets> {
  const byVpc = new Map<string, Subnet[]>();
  for (const subnet of await taggedSubnets(ec2)) {
    const { VpcId = '' } = subnet;
    byVpc.set(VpcId, [...(byVpc.get(VpcId) ?? []), subnet]);
  }
  const fitting = [...byVpc].filter(([, subnets]) => zonesOf(subnets) >= ZONES);
  const [first] = fitting;
  if (first === undefined) throw none(region, [...byVpc.keys()]);
  if (fitting.length > 1)
    throw new ClusterError(
      'NO_SUBNETS',
      `Several VPCs of ${region} have subnets tagged for EKS (${fitting.map(([vpc]) => vpc).join(', ')}). Name subnets of one VPC with --subnet-ids.`,
    );
  const [vpc, subnets] = first;
  const internal = subnets.filter(({ Tags }) => Tags?.some(({ Key }) => Key === INTERNAL));
  const nodes = internal.length > 0 ? internal : subnets.filter((subnet) => subnet.MapPublicIpOnLaunch === true);
  if (nodes.length === 0)
    throw new ClusterError(
      'NO_SUBNETS',
      `The subnets of ${vpc} tagged ${PUBLIC} give nodes no public addresses, and no subnet is tagged ${INTERNAL}. Enable public IPv4 addresses, tag internal subnets, or name subnets with --subnet-ids.`,
    );
  return { controlPlane: idsOf(zonesOf(internal) >= ZONES ? internal : subnets), nodes: idsOf(nodes) };
}

const idsOf = (subnets: readonly Subnet[]): string[] => subnets.map(({ SubnetId = '' }) => SubnetId);

async function taggedSubnets(client: EC2Client): Promise<readonly Subnet[]> {
  const { paginateDescribeSubnets } = await import('@aws-sdk/client-ec2');
  const subnets: Subnet[] = [];
  const filters = { Filters: [{ Name: 'tag-key', Values: [INTERNAL, PUBLIC] }] };
  for await (const page of paginateDescribeSubnets({ client }, filters)) subnets.push(...(page.Subnets ?? []));
  return subnets;
}

const zonesOf = (subnets: readonly Subnet[]): number =>
  new Set(subnets.map(({ AvailabilityZone }) => AvailabilityZone)).size;

function none(region: string, vpcs: readonly string[]): ClusterError {
  const zoneHint = vpcs.length === 0 ? '' : ` (the subnets of ${vpcs.join(', ')} are in one zone)`;
  return new ClusterError(
    'NO_SUBNETS',
    `No VPC of ${region} has subnets in ${ZONES} zones with the tag ${INTERNAL} or ${PUBLIC}${zoneHint}. Tag subnets, or name them with --subnet-ids.`,
  );
}
