import { grouped } from '../../foundation/node/grouped.ts';
import { counted } from '../../foundation/node/text.ts';
import type { ClusterFacts } from '../facts/cluster-facts.ts';
import { denialOf } from '../facts/denial.ts';
import { credentialsOf, hasWebIdentity, variable } from '../facts/injection.ts';
import {
  accountsOfOwnAccount,
  annotatedAccounts,
  dualStackProvider,
  hasClusterPartition,
  parseRoleArn,
  roleAnnotation,
} from '../facts/irsa.ts';
import { nearName } from '../facts/near-name.ts';
import { uninjectedByHistory } from '../facts/missing-injection.ts';
import { trustedProviders } from '../facts/trust.ts';
import { accountCase, defineCheck, objectOf, podCase, podNames, PROVIDERS, readableRole, restart } from './cases.ts';
import type { Case, Unjudged } from './check.ts';
import { aws, kubectl } from './commands.ts';
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

export const malformedAnnotation = defineCheck({
  id: 'PID604',
  title: 'A role annotation is empty or not the ARN of a role',
  severity: 'error',
  hops: ['annotation'],
  inMigration: 'ignored',
  rights: ['list serviceaccounts', 'list pods'],
  observation: 'The value of `eks.amazonaws.com/role-arn` on service accounts without an association.',
  cause: 'A value of a chart was empty, or a name, a placeholder or an instance profile was written.',
  effect: 'An empty value injects nothing. Any other value is injected, and AWS STS refuses it.',
  fix: 'Write the ARN of the role, then restart the pods.',
  source: 'aws/amazon-eks-pod-identity-webhook, pkg/cache/cache.go; KeeperHub/keeperhub#1597',
  *find(facts) {
    for (const account of facts.snapshot.kubernetes.serviceAccounts ?? []) {
      const { namespace, name } = account.metadata;
      const value = roleAnnotation(account);
      if (value === undefined || parseRoleArn(value) || facts.association(namespace, name)) continue;
      const text = `Its annotation eks.amazonaws.com/role-arn is ${value === '' ? 'empty' : `${JSON.stringify(value)}, not the ARN of a role`}.`;
      yield accountCase(facts, account, text);
    }
  },
});

export const wrongPartition = defineCheck({
  id: 'PID605',
  title: 'A role annotation has the ARN of another partition',
  severity: 'error',
  hops: ['annotation'],
  inMigration: 'ignored',
  rights: ['list serviceaccounts', 'list pods', 'eks:DescribeCluster'],
  observation: "The partition in `eks.amazonaws.com/role-arn` is compared with the partition of the cluster's ARN.",
  cause: 'A template has `arn:aws:` written out, but the cluster is in China or AWS GovCloud, or the other way round.',
  effect: 'AWS STS of this partition does not know the role.',
  fix: 'Write the ARN with the partition of the cluster, then restart the pods.',
  source: 'IAM User Guide, "IAM identifiers"; terraform-aws-modules/terraform-aws-iam#161',
  *find(facts) {
    for (const account of facts.snapshot.kubernetes.serviceAccounts ?? []) {
      const { namespace, name } = account.metadata;
      const arn = roleAnnotation(account) ?? '';
      const parsed = parseRoleArn(arn);
      if (!parsed || hasClusterPartition(facts, arn) || facts.association(namespace, name)) continue;
      const text = `Its role ${arn} is in partition ${parsed.partition}, the cluster in ${facts.partition}.`;
      const value = `eks.amazonaws.com/role-arn=${arn.replace(/^arn:[^:]+/, `arn:${facts.partition}`)}`;
      yield accountCase(
        facts,
        account,
        text,
        kubectl(facts, namespace, `annotate serviceaccount ${name} --overwrite ${value}`),
      );
    }
  },
});

export const noAnnotatedRole = defineCheck({
  id: 'PID606',
  title: 'The role of an annotation does not exist',
  severity: 'error',
  hops: ['annotation'],
  inMigration: 'ignored',
  rights: ['list serviceaccounts', 'list pods', 'iam:GetRole'],
  observation: 'IAM has no role with the ARN in `eks.amazonaws.com/role-arn`.',
  cause: 'The role was deleted, has a path, or belongs to another environment.',
  effect: 'AWS STS answers AccessDenied, as it does for a trust policy that does not match.',
  fix: 'Create the role, or correct the annotation and restart the pods.',
  source: 'EKS User Guide, "Assign IAM roles to Kubernetes service accounts"',
  *find(facts) {
    for (const { account, roleArn } of annotatedAccounts(facts)) {
      const finding = accountCase(facts, account, `Role ${roleArn} does not exist.`);
      yield* readableRole(facts, finding.object, roleArn);
      if (facts.role(roleArn) === null) yield finding;
    }
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
  fix: "Let the trust policy allow the cluster's provider, with `:sub` and `:aud` of the service account.",
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

const TOKEN_FILE = '/var/run/secrets/eks.amazonaws.com/serviceaccount/token';

export const roleDiffers = defineCheck({
  id: 'PID610',
  title: 'A pod runs with another role than its service account names now',
  severity: 'warning',
  hops: ['annotation'],
  inMigration: 'ignored',
  rights: ['list pods', 'list serviceaccounts'],
  observation: "`AWS_ROLE_ARN` next to the webhook's token file is compared with the annotation.",
  cause: 'The annotation was changed or removed after the pod was created, for example by an operator upgrade.',
  effect: 'The pod keeps its role until it restarts. Then it gets another identity, or none.',
  fix: 'Restore the annotation if the change was a mistake, otherwise restart the workload.',
  source: 'aws-controllers-k8s/community#2567; aws/amazon-eks-pod-identity-webhook#210',
  *find(facts) {
    for (const pod of facts.pods) {
      const account = facts.serviceAccountOf(pod);
      if (account === undefined || facts.associationOf(pod)) continue;
      const annotation = roleAnnotation(account);
      const container = pod.containers.find(
        (one) =>
          variable(one, 'AWS_WEB_IDENTITY_TOKEN_FILE')?.value === TOKEN_FILE && credentialsOf(one).webIdentityRole,
      );
      const role = container && credentialsOf(container).webIdentityRole;
      if (role === undefined || role === annotation) continue;
      const now = annotation === undefined ? 'no longer names a role' : `now names ${annotation || 'an empty role'}`;
      const { namespace, name } = account.metadata;
      const text = `Its pods run as ${role}, but service account ${namespace}/${name} ${now}.`;
      yield podCase(pod, text, restart(facts, pod));
    }
  },
});

export const bothMechanisms = defineCheck({
  id: 'PID611',
  title: 'A service account has both an annotation and an association',
  severity: 'info',
  hops: ['annotation'],
  inMigration: 'ignored',
  rights: ['list serviceaccounts', 'list pods', 'eks:ListPodIdentityAssociations'],
  observation: 'The service account has `eks.amazonaws.com/role-arn` and an association.',
  cause: 'A migration from IRSA to Pod Identity is under way, or was not finished.',
  effect: 'New pods get only Pod Identity. Older pods keep the annotated role until they restart.',
  fix: 'Restart the remaining pods with IRSA, then remove the annotation.',
  source: 'aws/amazon-eks-pod-identity-webhook#264',
  *find(facts) {
    for (const account of facts.snapshot.kubernetes.serviceAccounts ?? []) {
      const { namespace, name } = account.metadata;
      const association = facts.association(namespace, name);
      const role = roleAnnotation(account);
      if (!association || !role) continue;
      const old = podNames(facts.podsOf(namespace, name).filter(hasWebIdentity), namespace);
      const text = `New pods get ${association.roleArn} by Pod Identity, not ${role} of the annotation${old.length > 0 ? '; some pods still use IRSA' : ''}.`;
      const repair = kubectl(facts, namespace, `annotate serviceaccount ${name} eks.amazonaws.com/role-arn-`);
      yield { ...accountCase(facts, account, text, old.length === 0 ? repair : undefined), pods: old };
    }
  },
});

const AUDIENCE = 'sts.amazonaws.com';

/** Returns the provider's audience that an annotation probably means; undefined if it is right, or the provider's may be wrong. */
const misspeltAudience = ({ provider }: ClusterFacts, audience: string): string | undefined =>
  audience === AUDIENCE || provider?.clientIds.includes(audience)
    ? undefined
    : nearName(audience, provider?.clientIds ?? []);

export const misspeltAudienceAnnotation = defineCheck({
  id: 'PID612',
  title: 'A service account names a misspelt audience',
  severity: 'error',
  hops: ['annotation'],
  inMigration: 'ignored',
  rights: ['list serviceaccounts', 'list pods', ...PROVIDERS],
  observation: "The value of `eks.amazonaws.com/audience` is near to a client id of the cluster's provider.",
  cause: 'There is a typo in the annotation. The provider is right.',
  effect: 'AWS STS answers InvalidIdentityToken: Incorrect token audience.',
  fix: 'Correct the annotation, or remove it, because sts.amazonaws.com is the default. Then restart the workload.',
  source: 'aws/amazon-eks-pod-identity-webhook, README.md; hashicorp/terraform-provider-aws#41473',
  *find(facts) {
    for (const { account, audience, pods } of accountsOfOwnAccount(facts)) {
      const right = misspeltAudience(facts, audience);
      if (right === undefined) continue;
      const { namespace, name } = account.metadata;
      const value =
        right === AUDIENCE ? 'eks.amazonaws.com/audience-' : `--overwrite eks.amazonaws.com/audience=${right}`;
      const text = `Its annotation eks.amazonaws.com/audience is "${audience}", the provider has the audience "${right}".`;
      const restarts = new Set(pods.flatMap((pod) => restart(facts, pod) ?? []));
      const repair = [kubectl(facts, namespace, `annotate serviceaccount ${name} ${value}`), ...restarts].join(' && ');
      yield accountCase(facts, account, text, repair);
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
