import { annotatedAccounts, providerArnFor } from '../facts/irsa.ts';
import { webIdentityTrust } from '../facts/trust.ts';
import type { Severity } from './check.ts';
import { roleObject } from './cases.ts';
import type { Check } from './check.ts';

/** A name that no policy has on purpose. */
const FOREIGN = 'q7-unrelated-0x';

export const webIdentityTooWide: Check = {
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
    const { issuer } = facts;
    const accounts = issuer === undefined ? [] : annotatedAccounts(facts);
    for (const roleArn of new Set(accounts.map((one) => one.roleArn))) {
      const role = facts.role(roleArn);
      if (!role || issuer === undefined) continue;
      const uses = accounts.filter((one) => one.roleArn === roleArn);
      const isOpen = (change: { readonly namespace?: string; readonly serviceAccount?: string }): boolean =>
        uses.some(({ account: { metadata }, audience }) => {
          const subject = { namespace: metadata.namespace ?? '', serviceAccount: metadata.name, ...change };
          return (
            webIdentityTrust(role, { arn: providerArnFor(roleArn, issuer), issuer }, audience, subject).value ===
            'allowed'
          );
        });
      const who: readonly [string, Severity] | undefined = isOpen({ namespace: FOREIGN, serviceAccount: FOREIGN })
        ? ['every service account of the cluster', 'warning']
        : isOpen({ namespace: FOREIGN })
          ? ['service accounts of the same name in every namespace', 'warning']
          : isOpen({ serviceAccount: FOREIGN })
            ? ['every service account of the namespace', 'info']
            : undefined;
      if (who) yield { object: roleObject(roleArn), text: `Its trust policy allows ${who[0]}.`, severity: who[1] };
    }
  },
};
