import { ASSOCIATIONS, defineCheck } from './cases.ts';
import { trustCases } from './trust-cases.ts';

export const trustDenies = defineCheck({
  id: 'PID401',
  title: 'The trust policy does not let EKS assume the role for the service account',
  severity: 'error',
  rights: [...ASSOCIATIONS, 'iam:GetRole'],
  observation: "`sts:AssumeRole` is evaluated with the pod's session tags and the cluster's ARN and account.",
  cause: 'The role was made for IRSA, or its conditions name another namespace or service account.',
  effect: 'EKS Auth answers AccessDeniedException. Pods get no credentials.',
  fix: 'Let the trust policy allow `sts:AssumeRole` and `sts:TagSession` for `pods.eks.amazonaws.com` with the right conditions.',
  source: 'EKS User Guide, "Create IAM role with trust policy required by EKS Pod Identity"',
  find: (facts) => trustCases(facts, 'subject'),
});
