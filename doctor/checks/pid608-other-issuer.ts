import { defineCheck, PROVIDERS } from './cases.ts';
import { webIdentityCases } from './web-identity-cases.ts';

export const otherIssuer = defineCheck({
  id: 'PID608',
  title: 'An annotated role trusts the issuer of another cluster',
  severity: 'error',
  rights: ['list serviceaccounts', 'list pods', ...PROVIDERS, 'iam:GetRole'],
  observation: "The trust policy names OIDC providers of EKS, but not the cluster's.",
  cause: 'The cluster was recreated, which changes the issuer, or the role belongs to another cluster.',
  effect: 'AWS STS answers AccessDenied: Not authorized to perform sts:AssumeRoleWithWebIdentity.',
  fix: "Replace the provider and the condition keys by those of the cluster's issuer.",
  source: 'Amazon EKS Best Practices Guide, "Cluster Upgrades": blue/green; aws/containers-roadmap#1579',
  find: (facts) => webIdentityCases(facts, 'issuer'),
});
