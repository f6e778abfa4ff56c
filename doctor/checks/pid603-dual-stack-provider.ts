import { accountsOfOwnAccount, dualStackProvider } from '../facts/irsa.ts';
import { defineCheck, podNames, PROVIDERS } from './cases.ts';

export const wrongProviderHost = defineCheck({
  id: 'PID603',
  title: 'The IAM OIDC provider has the host of the dual-stack endpoint',
  severity: 'error',
  rights: ['list serviceaccounts', 'list pods', ...PROVIDERS],
  observation: "A provider with `oidc-eks.<region>.api.aws` has the cluster's id, and none has the issuer itself.",
  cause: 'A tool registered the dual-stack host for an IPv6 cluster.',
  effect: 'The issuer in tokens is always `oidc.eks.<region>.amazonaws.com`, so AWS STS answers InvalidIdentityToken.',
  fix: "Create the IAM OIDC provider for the cluster's issuer, and delete the other one.",
  source: 'rancher/eks-operator#2284; terraform-aws-modules/terraform-aws-eks#3428',
  *find(facts) {
    const name = dualStackProvider(facts);
    const accounts = accountsOfOwnAccount(facts);
    if (name === undefined || facts.provider || accounts.length === 0) return;
    const repair = `aws iam create-open-id-connect-provider --url https://${facts.issuer} --client-id-list sts.amazonaws.com`;
    const pods = accounts.flatMap((one) => podNames(one.pods));
    yield { object: { kind: 'OidcProvider', name }, text: `Tokens have the issuer ${facts.issuer}.`, repair, pods };
  },
});
