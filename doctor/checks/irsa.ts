import { grouped } from '../../foundation/node/grouped.ts';
import { counted } from '../../foundation/node/text.ts';
import type { ClusterFacts } from '../facts/cluster-facts.ts';
import { denialOf } from '../facts/denial.ts';
import { accountsOfOwnAccount, misspeltAudience, annotatedAccounts, dualStackProvider } from '../facts/irsa.ts';
import { uninjectedByHistory } from '../facts/missing-injection.ts';
import { trustedProviders } from '../facts/trust.ts';
import { accountCase, defineCheck, objectOf, podCase, podNames, PROVIDERS, readableRole, restart } from './cases.ts';
import type { Case, Unjudged } from './check.ts';
import { aws } from './commands.ts';
import { accountTrust, trustRepair } from './repaired-trust.ts';

const createProvider = (facts: ClusterFacts): string =>
  aws(facts, `iam create-open-id-connect-provider --url https://${facts.issuer} --client-id-list sts.amazonaws.com`);

export const noProvider = defineCheck({
  id: 'PID601',
  title: "IAM has no OIDC provider for the cluster's issuer",
  severity: 'error',
  hops: ['provider'],
  inMigration: 'ignored',
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
    const repair = createProvider(facts);
    const pods = accounts.flatMap((one) => podNames(one.pods));
    yield { object: { kind: 'Cluster', name: facts.name }, text, repair, pods };
  },
});

export const missingAudience = defineCheck({
  id: 'PID602',
  title: 'The IAM OIDC provider lacks an audience',
  severity: 'error',
  hops: ['provider'],
  inMigration: 'ignored',
  rights: ['list serviceaccounts', 'list pods', ...PROVIDERS],
  observation: "The provider's client ids are compared with the audiences of annotated service accounts.",
  cause: 'The provider lacks `sts.amazonaws.com`, or a service account has an annotation with its own audience.',
  effect: 'AWS STS answers InvalidIdentityToken: Incorrect token audience.',
  fix: "Add the audience to the provider's client ids.",
  source: 'IAM User Guide, "Create an OpenID Connect (OIDC) identity provider in IAM"',
  *find(facts) {
    const { arn = '', clientIds } = facts.provider ?? {};
    const accounts = accountsOfOwnAccount(facts).filter(
      ({ audience }) => !clientIds?.includes(audience) && misspeltAudience(facts, audience) === undefined,
    );
    for (const [audience, users] of arn === '' ? [] : grouped(accounts, (one) => one.audience)) {
      const text = `Its client ids are ${clientIds?.join(', ') || 'empty'}, without "${audience}".`;
      const command = `iam add-client-id-to-open-id-connect-provider --open-id-connect-provider-arn ${arn} --client-id`;
      const repair = aws(facts, command, audience);
      yield {
        object: { kind: 'OidcProvider', name: arn },
        text,
        repair,
        pods: users.flatMap(({ pods }) => podNames(pods)),
      };
    }
  },
});

export const wrongProviderHost = defineCheck({
  id: 'PID603',
  title: 'The IAM OIDC provider has the host of the dual-stack endpoint',
  severity: 'error',
  hops: ['provider'],
  inMigration: 'ignored',
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
    const repair = createProvider(facts);
    const pods = accounts.flatMap((one) => podNames(one.pods));
    yield { object: { kind: 'OidcProvider', name }, text: `Tokens have the issuer ${facts.issuer}.`, repair, pods };
  },
});

export const webIdentityDenied = defineCheck({
  id: 'PID607',
  title: 'The trust policy of an annotated role does not allow the service account',
  severity: 'error',
  hops: ['trust'],
  inMigration: 'ignored',
  rights: ['list serviceaccounts', 'list pods', ...PROVIDERS, 'iam:GetRole'],
  observation: "`sts:AssumeRoleWithWebIdentity` is evaluated with the cluster's provider, subject and audience.",
  cause: "A condition names another subject, begins with the provider's ARN, or has a wildcard in StringEquals.",
  effect: 'AWS STS answers AccessDenied: Not authorized to perform sts:AssumeRoleWithWebIdentity.',
  fix: "Let the trust policy allow the cluster's provider, with `:sub` and `:aud` of the service account, and without a Deny.",
  source: 'EKS User Guide, "Assign IAM roles to Kubernetes service accounts"',
  find: (facts) => webIdentityCases(facts, 'subject'),
});

export const otherIssuer = defineCheck({
  id: 'PID608',
  title: 'An annotated role trusts the issuer of another cluster',
  severity: 'error',
  hops: ['trust'],
  inMigration: 'ignored',
  rights: ['list serviceaccounts', 'list pods', ...PROVIDERS, 'iam:GetRole'],
  observation: "The trust policy names OIDC providers of EKS, but not the cluster's.",
  cause: 'The cluster was recreated, which changes the issuer, or the role belongs to another cluster.',
  effect: 'AWS STS answers AccessDenied: Not authorized to perform sts:AssumeRoleWithWebIdentity.',
  fix: "Replace the provider and the condition keys by those of the cluster's issuer.",
  source: 'Amazon EKS Best Practices Guide, "Cluster Upgrades": blue/green; aws/containers-roadmap#1579',
  find: (facts) => webIdentityCases(facts, 'issuer'),
});

export const noWebIdentity = defineCheck({
  id: 'PID609',
  title: 'A pod lacks the IRSA variables of its service account',
  severity: 'error',
  hops: ['injection'],
  inMigration: 'ignored',
  rights: ['list pods', 'list serviceaccounts'],
  observation: 'The service account has a valid role annotation. The pod has neither variables nor the token volume.',
  cause: 'The service account was annotated after the pod was created, or the webhook failed.',
  effect: 'The pod never gets the identity. It uses the node role, if it can reach it.',
  fix: 'Restart the workload.',
  source: 'EKS User Guide, "Configure Pods to use a Kubernetes service account"',
  *find(facts) {
    for (const { pod, association } of uninjectedByHistory(facts)) {
      const text = `Service account ${pod.metadata.namespace}/${pod.serviceAccountName} is annotated, but its pods have no variables.`;
      if (!association) yield podCase(pod, text, restart(facts, pod));
    }
  },
});

/** In any partition, such as `oidc.eks.eusc-de-east-1.amazonaws.eu`. */
const EKS_ISSUER = /^oidc\.eks\.[a-z0-9-]+\.[a-z0-9.-]+\/id\//;

/** Finds annotated service accounts whose role does not trust them: because of the issuer, or of anything else. */
function* webIdentityCases(facts: ClusterFacts, problem: 'issuer' | 'subject'): Generator<Case | Unjudged> {
  const { issuer } = facts;
  if (issuer === undefined) {
    yield { object: { kind: 'Cluster', name: facts.name }, missing: 'eks:DescribeCluster' };
    return;
  }
  for (const { account, roleArn, audience, pods } of annotatedAccounts(facts)) {
    const object = objectOf('ServiceAccount', account.metadata);
    const role = yield* readableRole(facts, object, roleArn);
    // PID612 reports the audience.
    if (role === undefined || misspeltAudience(facts, audience) !== undefined) continue;
    const { namespace = 'default', name: serviceAccount } = account.metadata;
    const decision = accountTrust(facts, { account, roleArn, audience, pods }, issuer, role);
    if (decision.value === 'unknown') yield { object, missing: decision.missing ?? 'iam:GetRole' };
    if (decision.value !== 'denied') continue;
    const trusted = trustedProviders(role);
    const others = trusted.includes(issuer) ? [] : trusted.filter((one) => EKS_ISSUER.test(one));
    if ((others.length > 0 ? 'issuer' : 'subject') !== problem) continue;
    const reason = others.length > 0 ? `it trusts ${others[0]}, the cluster's issuer is ${issuer}` : denialOf(decision);
    const text = `The trust policy of role ${role.name} does not allow ${namespace}/${serviceAccount}: ${reason}.`;
    yield { ...accountCase(facts, account, text), ...trustRepair(facts, role) };
  }
}
