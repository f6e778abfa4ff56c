import { subnetsOf, type Subnet } from '../ec2/index.ts';
import { demandOf, type EksCall } from './call.ts';
import { invalidParameter } from './errors.ts';

/** What EKS looks at with the caller's rights. */
const LOOKS = ['ec2:DescribeSubnets', 'ec2:DescribeVpcs'];

/**
 * The subnets that a call names, once they are known to be its account's.
 * @throws AwsError `InvalidParameterException` 400, or `AccessDeniedException` 403 where the caller may not look at them.
 */
export function namedSubnets(call: EksCall, ids: readonly string[]): readonly Subnet[] {
  for (const action of LOOKS) demandOf(call, action, '*', call.account.id);
  if (ids.length === 0) throw invalidParameter("subnets can't be empty.");
  const known = subnetsOf(call.world, call.account);
  return ids.map((id) => {
    const subnet = known.find((one) => one.id === id);
    if (subnet === undefined) throw invalidParameter(`The subnet ID '${id}' does not exist`);
    return subnet;
  });
}

/**
 * Sees that a control plane can be in them (EKS User Guide, "View Amazon EKS networking requirements for VPC and subnets").
 * All that an account has are in one VPC.
 * @throws AwsError as `namedSubnets` does.
 */
export function checkControlPlaneSubnets(call: EksCall, ids: readonly string[]): void {
  const zones = new Set(namedSubnets(call, ids).map(({ zone }) => zone));
  if (zones.size < 2) throw invalidParameter('Subnets specified must be in at least two different AZs');
}
