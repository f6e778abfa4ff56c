import { demandOf, demandOnRole, type EksCall } from './call.ts';

const NAMES = {
  'eks.amazonaws.com': 'AWSServiceRoleForAmazonEKS',
  'eks-nodegroup.amazonaws.com': 'AWSServiceRoleForAmazonEKSNodegroup',
} as const;

/**
 * Looks for the role that the service has in the account, and makes it where there is none yet, both with the caller's rights
 * (EKS User Guide, "Using roles for Amazon EKS clusters" and "Using roles for Amazon EKS node groups"). IAM does not list it.
 *
 * @throws AwsError `AccessDeniedException` 403.
 */
export function serviceLinkedRole(call: EksCall, service: keyof typeof NAMES): void {
  const { account, world } = call;
  const arn = `arn:${world.partition}:iam::${account.id}:role/aws-service-role/${service}/${NAMES[service]}`;
  demandOnRole(call, 'iam:GetRole', arn);
  if (account.serviceLinkedRoles.has(arn)) return;
  demandOf(call, 'iam:CreateServiceLinkedRole', arn, account.id, { 'iam:AWSServiceName': service });
  account.serviceLinkedRoles.add(arn);
}
