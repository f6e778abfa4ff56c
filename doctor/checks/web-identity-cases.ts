import type { ClusterFacts } from '../facts/cluster-facts.ts';
import { denialOf } from '../facts/denial.ts';
import { annotatedAccounts, parseRoleArn, providerArnFor } from '../facts/irsa.ts';
import { trustedProviders, webIdentityTrust } from '../facts/trust.ts';
import { accountCase, objectOf, readableRole } from './cases.ts';
import type { Case, Unjudged } from './check.ts';
import { warningIfUnused } from './unused.ts';

const EKS_ISSUER = /^oidc\.eks\.[a-z0-9-]+\.amazonaws\.com(\.cn)?\/id\//;

/** Finds annotated service accounts whose role does not trust them: because of the issuer, or of anything else. */
export function* webIdentityCases(facts: ClusterFacts, problem: 'issuer' | 'subject'): Generator<Case | Unjudged> {
  const { issuer, provider } = facts;
  if (issuer === undefined) {
    yield { object: { kind: 'Cluster', name: facts.name }, missing: 'eks:DescribeCluster' };
    return;
  }
  for (const { account, roleArn, audience } of annotatedAccounts(facts)) {
    const object = objectOf('ServiceAccount', account.metadata);
    const role = yield* readableRole(facts, object, roleArn);
    const isOwnAccount = parseRoleArn(roleArn)?.account === facts.snapshot.aws?.accountId;
    // PID601, PID602 and PID603 report these.
    if (role === undefined || (isOwnAccount && !provider?.clientIds.includes(audience))) continue;
    const { namespace = 'default', name: serviceAccount } = account.metadata;
    const arn = providerArnFor(roleArn, issuer);
    const decision = webIdentityTrust(role, { arn, issuer }, audience, { namespace, serviceAccount });
    if (decision.value === 'unknown') yield { object, missing: decision.missing ?? 'iam:GetRole' };
    if (decision.value !== 'denied') continue;
    const trusted = trustedProviders(role);
    const others = trusted.includes(issuer) ? [] : trusted.filter((one) => EKS_ISSUER.test(one));
    if ((others.length > 0 ? 'issuer' : 'subject') !== problem) continue;
    const reason = others.length > 0 ? `it trusts ${others[0]}, the cluster's issuer is ${issuer}` : denialOf(decision);
    const text = `The trust policy of role ${role.name} does not allow ${namespace}/${serviceAccount}: ${reason}.`;
    const repair = `aws iam update-assume-role-policy --role-name ${role.name} --policy-document file://trust.json`;
    yield warningIfUnused(accountCase(facts, account, text, repair));
  }
}
