import type { ClusterFacts } from '../facts/cluster-facts.ts';
import { containersOf, credentialsOf, hasWebIdentity, tokenFileOf } from '../facts/injection.ts';
import {
  accountsOfOwnAccount,
  AUDIENCE,
  misspeltAudience,
  annotatedAccounts,
  hasClusterPartition,
  parseRoleArn,
  providerArnFor,
  ROLE_ANNOTATION,
  roleAnnotation,
} from '../facts/irsa.ts';
import { hasOwnIdentity } from '../facts/own-identity.ts';
import { webIdentityTrust } from '../facts/trust.ts';
import type { PodSubject } from '../../identity/pod-identity.ts';
import { tokenSubject } from '../../identity/web-identity.ts';
import {
  accountCase,
  annotate,
  defineCheck,
  podCase,
  podNames,
  PROVIDERS,
  readableRole,
  restart,
  restarts,
  sameName,
} from './cases.ts';
import { KUBE2IAM, type Pod } from '../snapshot/kubernetes.ts';
import { inOrder, kubectl } from './commands.ts';
import { trustForAccount } from './repaired-trust.ts';

export const malformedAnnotation = defineCheck({
  id: 'PID604',
  title: 'A role annotation is empty or not the ARN of a role',
  severity: 'error',
  hops: ['annotation'],
  inMigration: 'ignored',
  rights: ['list serviceaccounts', 'list pods'],
  observation: 'The value of `eks.amazonaws.com/role-arn` on service accounts without an association.',
  cause: 'A value of a chart was empty or has a space, or a name, a placeholder or an instance profile was written.',
  effect: 'An empty value injects nothing. Any other value is injected, and AWS STS refuses it.',
  fix: 'Write the ARN of the role, then restart the pods.',
  source: 'aws/amazon-eks-pod-identity-webhook, pkg/cache/cache.go; KeeperHub/keeperhub#1597',
  *find(facts) {
    for (const account of facts.snapshot.kubernetes.serviceAccounts ?? []) {
      const { namespace, name } = account.metadata;
      const value = roleAnnotation(account);
      if (value === undefined || parseRoleArn(value) || facts.association(namespace, name)) continue;
      const text = `Its annotation eks.amazonaws.com/role-arn is ${value === '' ? 'empty' : `${JSON.stringify(value)}, not the ARN of a role`}.`;
      // Running pods keep the role of an earlier annotation.
      const [earlier] = facts.podsOf(namespace, name).flatMap((pod) => webIdentityRolesOf(pod));
      const role = earlier ?? [value.replaceAll(/^[\s"']+|[\s"']+$/g, '')].find(parseRoleArn);
      yield accountCase(facts, account, text, role && annotate(facts, account, `${ROLE_ANNOTATION}=${role}`));
    }
  },
});

/** Returns the valid roles in the variables of a pod. */
const webIdentityRolesOf = (pod: Pod): readonly string[] =>
  containersOf(pod).flatMap((one) => {
    const role = credentialsOf(one).webIdentityRole ?? '';
    return parseRoleArn(role) ? [role] : [];
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
      const value = `${ROLE_ANNOTATION}=${arn.replace(/^arn:[^:]+/, `arn:${facts.partition}`)}`;
      yield accountCase(facts, account, text, annotate(facts, account, value));
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
      const near = sameName(facts, roleArn);
      const text = `Role ${roleArn} does not exist${near ? `; ${near} has its name, and a path` : ''}.`;
      const finding = accountCase(facts, account, text, near && annotate(facts, account, `${ROLE_ANNOTATION}=${near}`));
      yield* readableRole(facts, finding.object, roleArn);
      if (facts.role(roleArn) === null) yield finding;
    }
  },
});

/** Names a role with which the kubelet pulls images (kubernetes/cloud-provider-aws#1147). */
const IMAGE_ROLE = 'eks.amazonaws.com/ecr-role-arn';
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
        (one) => tokenFileOf(one, 'web-identity') === TOKEN_FILE && credentialsOf(one).webIdentityRole,
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
  observation: 'The service account has `eks.amazonaws.com/role-arn` and an association with another role.',
  cause: 'A migration from IRSA to Pod Identity is under way, or was not finished.',
  effect: 'New pods get only Pod Identity. Older pods keep the annotated role until they restart.',
  fix: 'Restart the remaining pods with IRSA, then remove the annotation.',
  source: 'aws/amazon-eks-pod-identity-webhook#264',
  *find(facts) {
    for (const account of facts.snapshot.kubernetes.serviceAccounts ?? []) {
      const { namespace, name } = account.metadata;
      const association = facts.association(namespace, name);
      const role = roleAnnotation(account);
      if (!association || !role || role === (association.targetRoleArn ?? association.roleArn)) continue;
      const oldPods = facts.podsOf(namespace, name).filter(hasWebIdentity);
      const old = podNames(oldPods, namespace);
      const text = `New pods get ${association.roleArn} by Pod Identity, not ${role} of the annotation${old.length > 0 ? '; some pods still use IRSA' : ''}.`;
      const removal = kubectl(facts, namespace, `annotate serviceaccount ${name} ${ROLE_ANNOTATION}-`);
      yield { ...accountCase(facts, account, text, inOrder(restarts(facts, oldPods), removal)), pods: old };
    }
  },
});

/** Whether the cluster runs kube2iam or kiam, by the images of its DaemonSets. */
const runsKube2iam = ({ snapshot }: ClusterFacts): boolean =>
  (snapshot.kubernetes.daemonSets ?? []).some(({ images }) =>
    images.some((image) => /\b(?:kube2iam|kiam)\b/.test(image)),
  );

export const unannotated = defineCheck({
  id: 'PID613',
  title: 'A role is meant for a service account that does not name it',
  severity: 'error',
  hops: ['annotation'],
  inMigration: 'ignored',
  rights: ['list serviceaccounts', 'list pods', 'list daemonsets', 'eks:ListPodIdentityAssociations'],
  observation: `A service account of pods has neither association nor role annotation. It or its pods have \`${KUBE2IAM}\` or another annotation with the ARN of a role, or a role that was read trusts its subject.`,
  cause:
    'The annotation was forgotten when the role was made, is misspelt, is on the pods, or is that of kube2iam or kiam.',
  effect: 'Its pods have no identity. They use the node role, if they can reach it.',
  fix: 'Annotate the service account with the ARN of the role, or create an association, and restart the pods.',
  source:
    'EKS User Guide, "Assign IAM roles to Kubernetes service accounts"; terraform-aws-modules/terraform-aws-iam#485',
  *find(facts) {
    const { issuer, snapshot } = facts;
    const hasKube2iam = runsKube2iam(facts);
    for (const account of snapshot.kubernetes.serviceAccounts ?? []) {
      const { namespace = '', name, annotations } = account.metadata;
      const pods = facts.podsOf(namespace, name).filter((pod) => !hasOwnIdentity(facts, pod));
      // PID604 reports an annotation that is empty.
      if (pods.length === 0 || roleAnnotation(account) !== undefined || facts.association(namespace, name)) continue;
      const [key, old] =
        [account, ...pods]
          .flatMap(({ metadata }) => Object.entries(metadata.annotations ?? {}))
          .find(([one, value]) =>
            one === KUBE2IAM ? value && !hasKube2iam : one !== IMAGE_ROLE && parseRoleArn(value),
          ) ?? [];
      const trusting = issuer === undefined ? [] : rolesFor(facts, issuer, { namespace, serviceAccount: name });
      const arn = old === undefined ? trusting[0] : old.startsWith('arn:') ? old : `${roleArnPrefix(facts)}${old}`;
      if (arn === undefined || trusting.length > 1) continue;
      const why =
        old === undefined
          ? `The trust policy of role ${arn} names it`
          : `${annotations?.[key!] === old ? 'Its annotation' : 'The annotation of its pods'} ${key} is "${old}", which EKS ignores`;
      const text = `${why}, but it has neither association nor ${ROLE_ANNOTATION}.`;
      const trust = trustForAccount(facts, { account, roleArn: arn, audience: AUDIENCE, pods });
      const command = parseRoleArn(arn) && annotate(facts, account, `${ROLE_ANNOTATION}=${arn}`);
      const repair = command && inOrder(trust.repair, command);
      yield { ...accountCase(facts, account, text, repair), change: trust.change, pods: podNames(pods, namespace) };
    }
  },
});

const roleArnPrefix = ({ partition, snapshot }: ClusterFacts): string =>
  `arn:${partition}:iam::${snapshot.aws?.accountId ?? ''}:role/`;

/** Returns roles that name the subject of a service account, without a wildcard, and trust its tokens. */
const rolesFor = (facts: ClusterFacts, issuer: string, subject: PodSubject): readonly string[] =>
  Object.values(facts.snapshot.aws?.roles ?? {}).flatMap((role) => {
    const provider = { arn: role ? providerArnFor(role.arn, issuer) : '', issuer };
    const isNamed = role?.trustPolicy.includes(`"${tokenSubject(subject)}"`) === true;
    return role && isNamed && webIdentityTrust(facts, role, provider, AUDIENCE, subject).value === 'allowed'
      ? [role.arn]
      : [];
  });

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
      const command = kubectl(facts, namespace, `annotate serviceaccount ${name} ${value}`);
      yield accountCase(facts, account, text, inOrder(command, restarts(facts, pods)));
    }
  },
});
