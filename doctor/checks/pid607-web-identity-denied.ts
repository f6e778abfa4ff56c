import { defineCheck, PROVIDERS } from './cases.ts';
import { webIdentityCases } from './web-identity-cases.ts';

export const webIdentityDenied = defineCheck({
  id: 'PID607',
  title: 'The trust policy of an annotated role does not allow the service account',
  severity: 'error',
  rights: ['list serviceaccounts', 'list pods', ...PROVIDERS, 'iam:GetRole'],
  observation: "`sts:AssumeRoleWithWebIdentity` is evaluated with the cluster's provider, subject and audience.",
  cause: "A condition names another subject, begins with the provider's ARN, or has a wildcard in StringEquals.",
  effect: 'AWS STS answers AccessDenied: Not authorized to perform sts:AssumeRoleWithWebIdentity.',
  fix: "Let the trust policy allow the cluster's provider, with `:sub` and `:aud` of the service account.",
  source: 'EKS User Guide, "Assign IAM roles to Kubernetes service accounts"',
  find: (facts) => webIdentityCases(facts, 'subject'),
});
