import { grouped } from '../../foundation/node/grouped.ts';
import { annotatedAccounts, providerArnFor } from '../facts/irsa.ts';
import { webIdentityTrust, type Subject } from '../facts/trust.ts';
import { defineCheck } from './cases.ts';

/** A name that no policy has on purpose. */
const FOREIGN = 'q7-unrelated-0x';

export const webIdentityTooWide = defineCheck({
  id: 'PID803',
  title: 'A trust policy for IRSA allows foreign service accounts',
  severity: 'warning',
  rights: ['list serviceaccounts', 'iam:GetRole'],
  observation: 'The trust policy is evaluated for service accounts of other names and other namespaces of the cluster.',
  cause: 'The condition on `:sub` is missing or has a wildcard.',
  effect: 'Anybody who can create pods in the cluster, or in the namespace, can use the role.',
  fix: 'Compare `:sub` by StringEquals with the namespace and service account.',
  source: 'Amazon EKS Best Practices Guide, "Identity and Access Management": scope the trust policy',
  *find(facts) {
    const { issuer = '' } = facts;
    for (const [roleArn, users] of grouped(annotatedAccounts(facts), (one) => one.roleArn)) {
      const role = facts.role(roleArn);
      const [user] = users;
      if (!role || !user || issuer === '') continue;
      const { namespace = 'default', name: serviceAccount } = user.account.metadata;
      const provider = { arn: providerArnFor(roleArn, issuer), issuer };
      const allows = (subject: Subject) => webIdentityTrust(role, provider, user.audience, subject).value === 'allowed';
      const object = { kind: 'Role', name: roleArn };
      if (allows({ namespace: FOREIGN, serviceAccount: FOREIGN }))
        yield { object, text: 'Its trust policy allows every service account of the cluster.' };
      else if (allows({ namespace: FOREIGN, serviceAccount }))
        yield { object, text: `Its trust policy allows \`${serviceAccount}\` in every namespace.` };
      else if (allows({ namespace, serviceAccount: FOREIGN }))
        yield { object, text: `Its trust policy allows every service account of ${namespace}.`, severity: 'info' };
    }
  },
});
