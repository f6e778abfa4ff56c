import { subnetsOf, type Subnet } from '../ec2/index.ts';
import { demandOf, type EksCall } from './call.ts';
import { invalidParameter } from './errors.ts';

/** EKS calls these with the caller's permissions. */
const SUBNET_ACTIONS = ['ec2:DescribeSubnets', 'ec2:DescribeVpcs'];

/** Returns the account's subnets with these ids. Throws `InvalidParameterException` or `AccessDeniedException`. */
export function namedSubnets(call: EksCall, ids: readonly string[]): readonly Subnet[] {
  for (const action of SUBNET_ACTIONS) demandOf(call, action, '*', call.account.id);
  if (ids.length === 0) throw invalidParameter("subnets can't be empty.");
  const accountSubnets = subnetsOf(call.world, call.account);
  return ids.map((id) => {
    const subnet = accountSubnets.find((one) => one.id === id);
    if (subnet === undefined) throw invalidParameter(`The subnet ID '${id}' does not exist`);
    return subnet;
  });
}

/**
 * Returns the VPC of the subnets, after checking that a control plane can use them (EKS User Guide, "View Amazon EKS networking requirements for VPC and
 * subnets"). All of an account's subnets are in one VPC.
 */
export function controlPlaneVpc(call: EksCall, ids: readonly string[]): string | undefined {
  const subnets = namedSubnets(call, ids);
  const zones = new Set(subnets.map(({ zone }) => zone));
  if (zones.size < 2) throw invalidParameter('Subnets specified must be in at least two different AZs');
  return subnets[0]?.vpcId;
}
