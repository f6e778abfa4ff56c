import { defineCheck } from './cases.ts';

export const vpcEndpoint = defineCheck({
  id: 'PID703',
  title: 'A VPC endpoint for credentials is not available',
  severity: 'warning',
  rights: ['ec2:DescribeVpcEndpoints'],
  observation: "The state of the VPC's endpoints for the services `eks-auth` and `sts`.",
  cause: 'The endpoint is being created, was rejected or failed.',
  effect: 'Agents and pods without a route to the internet cannot get credentials.',
  fix: 'Accept or create the endpoint again.',
  source: 'EKS User Guide, "Access Amazon EKS using AWS PrivateLink"',
  *find({ snapshot }) {
    for (const { id, serviceName, state } of snapshot.aws?.vpcEndpoints ?? []) {
      if (!/\.(eks-auth|sts)(-fips)?$/.test(serviceName) || state.toLowerCase() === 'available') continue;
      const repair = `aws ec2 describe-vpc-endpoints --vpc-endpoint-ids ${id}`;
      yield {
        object: { kind: 'VpcEndpoint', name: id },
        text: `Its state is ${state}, its service ${serviceName}.`,
        repair,
      };
    }
  },
});
