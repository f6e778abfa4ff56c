import { grouped } from '../../foundation/node/grouped.ts';
import { accountsOfOwnAccount } from '../facts/irsa.ts';
import { defineCheck, podNames, PROVIDERS } from './cases.ts';

export const missingAudience = defineCheck({
  id: 'PID602',
  title: 'The IAM OIDC provider lacks an audience',
  severity: 'error',
  rights: ['list serviceaccounts', 'list pods', ...PROVIDERS],
  observation: "The provider's client ids are compared with the audiences of annotated service accounts.",
  cause: 'The provider lacks `sts.amazonaws.com`, or a service account has an annotation with its own audience.',
  effect: 'AWS STS answers InvalidIdentityToken: Incorrect token audience.',
  fix: "Add the audience to the provider's client ids.",
  source: 'IAM User Guide, "Create an OpenID Connect (OIDC) identity provider in IAM"',
  *find(facts) {
    const { arn = '', clientIds } = facts.provider ?? {};
    const accounts = accountsOfOwnAccount(facts).filter(({ audience }) => !clientIds?.includes(audience));
    for (const [audience, users] of arn === '' ? [] : grouped(accounts, (one) => one.audience)) {
      const text = `Its client ids are ${clientIds?.join(', ') || 'empty'}, without "${audience}".`;
      const repair = `aws iam add-client-id-to-open-id-connect-provider --open-id-connect-provider-arn ${arn} --client-id ${audience}`;
      yield {
        object: { kind: 'OidcProvider', name: arn },
        text,
        repair,
        pods: users.flatMap(({ pods }) => podNames(pods)),
      };
    }
  },
});
