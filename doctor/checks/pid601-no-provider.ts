import { counted } from '../../foundation/node/text.ts';
import { accountsOfOwnAccount, dualStackProvider } from '../facts/irsa.ts';
import { defineCheck, podNames, PROVIDERS } from './cases.ts';

export const noProvider = defineCheck({
  id: 'PID601',
  title: "IAM has no OIDC provider for the cluster's issuer",
  severity: 'error',
  rights: ['list serviceaccounts', 'list pods', ...PROVIDERS],
  observation: "Service accounts have role annotations, but no IAM OIDC provider has the cluster's issuer.",
  cause: 'The provider was never created, or the cluster was recreated and got another issuer.',
  effect: 'AWS STS answers InvalidIdentityToken: no OpenIDConnect provider found.',
  fix: "Create the IAM OIDC provider for the cluster's issuer with the audience `sts.amazonaws.com`.",
  source: 'EKS User Guide, "Create an IAM OIDC provider for your cluster"',
  *find(facts) {
    const { issuer, provider } = facts;
    const accounts = accountsOfOwnAccount(facts);
    if (issuer === undefined || provider || dualStackProvider(facts) !== undefined || accounts.length === 0) return;
    const users = counted(accounts.length, 'annotated service account');
    const text = `The account has no IAM OIDC provider for ${issuer}, which it needs for ${users}.`;
    const repair = `aws iam create-open-id-connect-provider --url https://${issuer} --client-id-list sts.amazonaws.com`;
    const pods = accounts.flatMap((one) => podNames(one.pods));
    yield { object: { kind: 'Cluster', name: facts.name }, text, repair, pods };
  },
});
