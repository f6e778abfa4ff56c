import { subnetsOf } from '../ec2/index.ts';
import { demandOf, type EksCall } from './call.ts';
import { invalidParameter } from './errors.ts';

/** The form of an id that EC2 gives today. Other texts are names that a test made up, and are taken as they are. */
const SUBNET_ID = /^subnet-[0-9a-f]{17}$/;

/** What EKS looks at with the caller's rights. */
const LOOKS = ['ec2:DescribeSubnets', 'ec2:DescribeVpcs'];

/**
 * Sees that the subnets which a call names are there in its account.
 * @throws AwsError `InvalidParameterException` 400, or `AccessDeniedException` 403 where the caller may not look at them.
 */
export function checkSubnets(call: EksCall, ids: readonly string[]): void {
  for (const action of LOOKS) demandOf(call, action, '*', call.account.id);
  const known = new Set(subnetsOf(call.world, call.account).map(({ id }) => id));
  const unknown = ids.find((id) => SUBNET_ID.test(id) && !known.has(id));
  if (unknown !== undefined) throw invalidParameter(`The subnet ID '${unknown}' does not exist`);
}
