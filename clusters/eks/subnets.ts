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
 * Subnets of the VPC tagged for EKS. Control plane: internal ones in two zones, else all. Nodes: internal ones, else public
 * ones with addresses, which EKS needs (EKS User Guide, Ec2SubnetInvalidConfiguration). Throws NO_SUBNETS, errors of EC2.
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
      `Several VPCs of ${region} have subnets that are tagged for EKS (${fitting.map(([vpc]) => vpc).join(', ')}): name subnets of one with --subnet-ids.`,
    );
  const [vpc, subnets] = first;
  const internal = subnets.filter(({ Tags }) => Tags?.some(({ Key }) => Key === INTERNAL));
  const nodes = internal.length > 0 ? internal : subnets.filter((subnet) => subnet.MapPublicIpOnLaunch === true);
  if (nodes.length === 0)
    throw new ClusterError(
      'NO_SUBNETS',
      `The subnets of ${vpc} that are tagged ${PUBLIC} give nodes no public addresses, and none is tagged ${INTERNAL}: let them assign public IPv4 addresses, tag internal ones, or name subnets with --subnet-ids.`,
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
  const found = vpcs.length === 0 ? '' : ` (those of ${vpcs.join(', ')} are in one zone)`;
  return new ClusterError(
    'NO_SUBNETS',
    `No VPC of ${region} has subnets in ${ZONES} zones with the tag ${INTERNAL} or ${PUBLIC}${found}: tag them, or name subnets with --subnet-ids.`,
  );
}
