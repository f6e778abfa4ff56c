import { containersOf, credentialsOf, variable } from '../facts/injection.ts';
import { podCase } from './cases.ts';
import type { Check } from './check.ts';

export const globalSts: Check = {
  id: 'PID704',
  title: 'A pod uses the global endpoint of AWS STS although a VPC endpoint exists',
  severity: 'warning',
  rights: ['list pods', 'ec2:DescribeVpcEndpoints'],
  observation:
    'A container with IRSA sets `AWS_STS_REGIONAL_ENDPOINTS` to `legacy`. The VPC has an endpoint for `sts`.',
  cause: 'The manifest sets the variable for an old SDK.',
  effect: 'Requests go to `sts.amazonaws.com` outside the VPC endpoint, and time out without a route to the internet.',
  fix: 'Set `AWS_STS_REGIONAL_ENDPOINTS` to `regional`, or remove it.',
  source: 'AWS SDKs and Tools Reference Guide, "AWS STS Regional endpoints"; aws/containers-roadmap#586',
  *find(facts) {
    if (!facts.snapshot.aws?.vpcEndpoints?.some(({ serviceName }) => serviceName.endsWith('.sts'))) return;
    for (const pod of facts.pods)
      for (const container of containersOf(pod))
        if (
          credentialsOf(container).webIdentityRole !== undefined &&
          variable(container, 'AWS_STS_REGIONAL_ENDPOINTS')?.value === 'legacy'
        )
          yield podCase(pod, `Container ${container.name} sets AWS_STS_REGIONAL_ENDPOINTS to legacy.`);
  },
};
