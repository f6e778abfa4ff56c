import { accountsOfOwnAccount } from '../facts/irsa.ts';
import { podNames, PROVIDERS } from './cases.ts';
import type { Check } from './check.ts';

export const missingAudience: Check = {
  id: 'PID602',
  title: 'The IAM OIDC provider lacks an audience',
  severity: 'error',
  rights: ['list serviceaccounts', 'list pods', ...PROVIDERS],
  observation: "The provider's client ids are compared with the audiences of annotated service accounts.",
  cause:
    'The provider was created without the audience `sts.amazonaws.com`, or a service account asks for its own audience.',
  effect: 'AWS STS answers InvalidIdentityToken: Incorrect token audience.',
  fix: "Add the audience to the provider's client ids.",
  source: 'IAM User Guide, "Create an OpenID Connect (OIDC) identity provider in IAM"',
  *find(facts) {
    const { provider } = facts;
    const accounts = accountsOfOwnAccount(facts).filter(({ audience }) => !provider?.clientIds.includes(audience));
    for (const audience of provider ? new Set(accounts.map((one) => one.audience)) : [])
      yield {
        object: { kind: 'OidcProvider', name: provider?.arn ?? '' },
        text: `Its client ids are ${provider?.clientIds.join(', ') || 'empty'}, without ${audience}.`,
        repair: `aws iam add-client-id-to-open-id-connect-provider --open-id-connect-provider-arn ${provider?.arn} --client-id ${audience}`,
        pods: accounts.filter((one) => one.audience === audience).flatMap(({ pods }) => podNames(pods)),
      };
  },
};
