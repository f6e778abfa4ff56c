import { ASSOCIATIONS, defineCheck } from './cases.ts';
import { trustCases } from './trust-cases.ts';

export const noTagSession = defineCheck({
  id: 'PID402',
  title: 'The trust policy does not allow tagging the session',
  severity: 'error',
  rights: [...ASSOCIATIONS, 'iam:GetRole'],
  observation: 'The trust policy allows `sts:AssumeRole`, but not `sts:TagSession`, which session tags need.',
  cause: 'The trust policy was copied from a role of another service.',
  effect: 'EKS Auth answers AccessDeniedException. Pods get no credentials.',
  fix: 'Add `sts:TagSession` to the actions of the statement.',
  source: 'EKS User Guide, "Create IAM role with trust policy required by EKS Pod Identity"',
  find: (facts) => trustCases(facts, 'tags'),
});
