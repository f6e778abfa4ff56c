import { defineCheck, PROVIDERS } from './cases.ts';
import { webIdentityCases } from './web-identity-cases.ts';

export const webIdentityDenied = defineCheck({
  id: 'PID607',
  title: 'The trust policy of an annotated role does not allow the service account',
  severity: 'error',
  rights: ['list serviceaccounts', 'list pods', ...PROVIDERS, 'iam:GetRole'],
  observation:
    "`sts:AssumeRoleWithWebIdentity` is evaluated with the cluster's provider and the subject and audience of the token.",
  cause:
    'The condition names another namespace or service account, uses the ARN of the provider as its key, or compares a wildcard with StringEquals.',
  effect: 'AWS STS answers AccessDenied: Not authorized to perform sts:AssumeRoleWithWebIdentity.',
  fix: "Let the trust policy allow the cluster's provider, with `:sub` and `:aud` of the service account.",
  source: 'EKS User Guide, "Assign IAM roles to Kubernetes service accounts"',
  find: (facts) => webIdentityCases(facts, 'subject'),
});
