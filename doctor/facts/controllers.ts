export interface Controller {
  /** An action that it needs at once. */
  readonly action: string;
  /** Path and name of the AWS managed policy that is enough for it. */
  readonly policy?: string;
  /** The controller also works without AWS, or with the identity of others. */
  readonly isOptional?: boolean;
}

/** Controllers of AWS's APIs, by the last part of their image's name. */
export const CONTROLLERS: Readonly<Record<string, Controller>> = {
  'aws-load-balancer-controller': { action: 'elasticloadbalancing:DescribeLoadBalancers' },
  'aws-ebs-csi-driver': { action: 'ec2:DescribeVolumes', policy: 'service-role/AmazonEBSCSIDriverPolicy' },
  'aws-efs-csi-driver': {
    action: 'elasticfilesystem:DescribeFileSystems',
    policy: 'service-role/AmazonEFSCSIDriverPolicy',
  },
  'aws-fsx-csi-driver': { action: 'fsx:DescribeFileSystems' },
  'cluster-autoscaler': { action: 'autoscaling:DescribeAutoScalingGroups' },
  karpenter: { action: 'ec2:DescribeInstances' },
  'cloudwatch-agent': { action: 'cloudwatch:PutMetricData', policy: 'CloudWatchAgentServerPolicy' },
  'aws-privateca-issuer': { action: 'acm-pca:IssueCertificate' },
  'aws-gateway-controller': { action: 'vpc-lattice:ListServiceNetworks' },
  'external-dns': { action: 'route53:ListHostedZones', isOptional: true },
  'cert-manager-controller': { action: 'route53:ListHostedZonesByName', isOptional: true },
  'external-secrets': { action: 'secretsmanager:GetSecretValue', isOptional: true },
};

/** Returns the controller of an image, such as `public.ecr.aws/karpenter/controller:1.8.1`. */
export function controllerOf(image: string): readonly [name: string, controller: Controller] | undefined {
  const parts = image.replace(/[:@][^/]*$/, '').split('/');
  const name = parts.findLast((part) => part in CONTROLLERS);
  const controller = name === undefined ? undefined : CONTROLLERS[name];
  return name === undefined || controller === undefined || !['controller', name].includes(parts.at(-1) ?? '')
    ? undefined
    : [name, controller];
}
