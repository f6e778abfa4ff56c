import { grouped } from '../../foundation/node/grouped.ts';
import { counted } from '../../foundation/node/text.ts';
import { identityOf } from '../facts/identity.ts';
import { annotatedAccounts, providerArnFor, roleAnnotation } from '../facts/irsa.ts';
import { hasOwnIdentity } from '../facts/own-identity.ts';
import { POD_IDENTITY_SERVICE, type PodSubject } from '../../identity/pod-identity.ts';
import { podIdentityTrust, rolePermission, strangerTrust, webIdentityTrust } from '../facts/trust.ts';
import { workloadOf } from '../facts/workload.ts';
import { objectText } from '../snapshot/object-name.ts';
import { accountCase, ASSOCIATIONS, defineCheck, podNames, readableRole, roleName, someOf } from './cases.ts';
import { narrowed, narrowedAccounts, usableAssociations } from './repaired-trust.ts';

export const nodeRoleReachable = defineCheck({
  id: 'PID801',
  title: 'A pod without an identity can use the node role',
  severity: 'info',
  hops: ['trust', 'node role'],
  inMigration: 'ignored',
  rights: ['list pods', 'list nodes', 'list serviceaccounts', 'ec2:DescribeInstances', 'iam:GetInstanceProfile'],
  observation: 'Hop limit, IMDS version and `hostNetwork`. Pods of the host network in kube-system are excluded.',
  cause: 'The hop limit is 2 or more, IMDSv1 is allowed, or the pod uses the host network.',
  effect: 'The pod has all permissions of the node role. A missing identity stays unnoticed.',
  fix: 'Require IMDSv2 with hop limit 1, and give workloads that need AWS an identity.',
  source: 'Amazon EKS Best Practices Guide, "Identity and Access Management": restrict access to the instance profile',
  *find(facts) {
    for (const { right, object: name } of facts.snapshot.gaps)
      if (right === 'iam:GetInstanceProfile' && name)
        yield { object: { kind: 'InstanceProfile', name }, missing: right };
    const users = facts.pods.flatMap((pod) => {
      if (hasOwnIdentity(facts, pod) || (pod.hostNetwork && pod.metadata.namespace === 'kube-system')) return [];
      const { mechanism, roleArn = '' } = identityOf(facts, pod);
      const node = facts.node(pod.nodeName);
      const { httpTokens, hopLimit } = (node && facts.instanceOf(node)) ?? {};
      const way = pod.hostNetwork ? 'the host network' : httpTokens === 'required' ? `hop limit ${hopLimit}` : 'IMDSv1';
      return mechanism === 'node-role' ? [{ pod, roleArn, way }] : [];
    });
    // One finding for all workloads, since clusters may have hundreds without an identity.
    for (const same of grouped(users, ({ roleArn, way }) => `${roleArn} ${way}`).values()) {
      const [{ roleArn, way } = { roleArn: '', way: '' }] = same;
      const workloads = [...new Set(same.map(({ pod }) => objectText(workloadOf(pod))))];
      const text = `${counted(workloads.length, 'workload')} without an identity can use it by ${way}: ${someOf(workloads)}.`;
      yield { object: { kind: 'Role', name: roleArn }, text, part: way, pods: podNames(same.map(({ pod }) => pod)) };
    }
  },
});

/** A name that no policy has on purpose. */
const FOREIGN = 'q7-unrelated-0x';

export const webIdentityTooWide = defineCheck({
  id: 'PID803',
  title: 'A trust policy for IRSA allows foreign service accounts',
  severity: 'warning',
  hops: ['trust'],
  inMigration: 'ignored',
  rights: ['list serviceaccounts', 'iam:GetRole'],
  observation: 'The trust policy is evaluated for service accounts of other names and other namespaces of the cluster.',
  cause: 'The condition on `:sub` is missing or has a wildcard.',
  effect: 'Anybody who can create pods in the cluster, or in the namespace, can use the role.',
  fix: 'Compare `:sub` by StringEquals with the namespace and service account.',
  source: 'Amazon EKS Best Practices Guide, "Identity and Access Management": scope the trust policy',
  *find(facts) {
    const { issuer = '' } = facts;
    for (const [roleArn, users] of grouped(annotatedAccounts(facts), (one) => one.roleArn)) {
      const object = { kind: 'Role', name: roleArn };
      const role = yield* readableRole(facts, object, roleArn);
      const [user] = users;
      if (!role || !user || issuer === '') continue;
      const { namespace = 'default', name: serviceAccount } = user.account.metadata;
      const provider = { arn: providerArnFor(roleArn, issuer), issuer };
      const narrow = narrowedAccounts(facts, role, issuer);
      const allows = (subject: PodSubject) =>
        webIdentityTrust(facts, role, provider, user.audience, subject).value === 'allowed';
      if (allows({ namespace: FOREIGN, serviceAccount: FOREIGN }))
        yield { object, text: 'Its trust policy allows every service account of the cluster.', ...narrow };
      else if (allows({ namespace: FOREIGN, serviceAccount }))
        yield { object, text: `Its trust policy allows \`${serviceAccount}\` in every namespace.`, ...narrow };
      else if (allows({ namespace, serviceAccount: FOREIGN }))
        yield { object, text: `Its trust policy allows every service account of ${namespace}.`, severity: 'info' };
    }
  },
});

export const podIdentityTooWide = defineCheck({
  id: 'PID807',
  title: 'A trust policy for Pod Identity allows foreign service accounts',
  severity: 'warning',
  hops: ['trust'],
  inMigration: 'ignored',
  rights: [...ASSOCIATIONS, 'iam:GetRole'],
  observation:
    "A trust policy that tests the pod's tags is evaluated for service accounts of other names and namespaces.",
  cause:
    'A condition on the namespace or the service account has a wildcard, or an operator that ignores missing keys.',
  effect: 'Who may create associations and pass the role can give it to pods for which it is not meant.',
  fix: 'Compare `aws:RequestTag/kubernetes-namespace` and `aws:RequestTag/kubernetes-service-account` by StringEquals.',
  source:
    'EKS User Guide, "Create IAM role with trust policy required by EKS Pod Identity"; awsdocs/amazon-eks-user-guide#1047',
  *find(facts) {
    for (const [arn, [association]] of grouped(usableAssociations(facts), (one) => one.roleArn)) {
      const object = { kind: 'Role', name: arn };
      const role = yield* readableRole(facts, object, arn);
      // AWS's own example tests nothing. Here somebody meant to test the pod.
      const tested = /aws:RequestTag\/kubernetes-(?:namespace|service-account)/gi;
      const keys = new Set(role?.trustPolicy.match(tested)?.map((key) => key.toLowerCase()));
      if (!role || !association || keys.size === 0) continue;
      const { namespace: _namespace, serviceAccount, ...rest } = association;
      const allows = (subject: PodSubject) => podIdentityTrust(facts, role, rest, subject).value === 'allowed';
      const isAny = allows({ namespace: FOREIGN, serviceAccount: FOREIGN });
      const isAnyNamespace = isAny || (keys.has(NAMESPACE_TAG) && allows({ namespace: FOREIGN, serviceAccount }));
      if (!isAnyNamespace) continue;
      const whom = isAny ? 'every service account of the cluster' : `\`${serviceAccount}\` in every namespace`;
      yield { object, text: `Its trust policy tests tags of the pod, but allows ${whom}.`, ...narrowed(facts, role) };
    }
  },
});

const NAMESPACE_TAG = 'aws:requesttag/kubernetes-namespace';

const CREATE_ASSOCIATION = 'eks:CreatePodIdentityAssociation';

export const canGiveRoles = defineCheck({
  id: 'PID808',
  title: 'A pod or node can give itself the roles of other pods',
  severity: 'warning',
  hops: ['trust'],
  inMigration: 'ignored',
  rights: [...ASSOCIATIONS, 'eks:DescribeCluster', 'iam:GetRole'],
  observation: `The roles of pods and nodes are evaluated for \`${CREATE_ASSOCIATION}\` on the cluster and \`iam:PassRole\` on the roles of associations. Users and other roles are not read.`,
  cause: 'A role of a controller or node has wide permissions, such as `iam:PassRole` on all roles.',
  effect: 'Who takes over the pod can associate its service account with another role, and get its permissions.',
  fix: 'Limit `iam:PassRole` to the roles that it manages, with `iam:PassedToService`, or remove the action.',
  source: 'EKS User Guide, "Assign an IAM role to a Kubernetes service account"; aws-samples/appmod-blueprints#816',
  *find(facts) {
    const { cluster, roles = {} } = facts.snapshot.aws ?? {};
    const passable = [...new Set(facts.associations.map(({ roleArn }) => roleArn))];
    for (const role of cluster ? Object.values(roles) : []) {
      if (!role?.policies) continue;
      // Asked first, because few roles may do this, and the next question takes a decision per pair of roles.
      if (rolePermission(facts, role, CREATE_ASSOCIATION, cluster!.arn).value !== 'allowed') continue;
      const context = { 'iam:PassedToService': [POD_IDENTITY_SERVICE] };
      const passed = passable.filter(
        (arn) => arn !== role.arn && rolePermission(facts, role, 'iam:PassRole', arn, context).value === 'allowed',
      );
      if (passed.length === 0) continue;
      const text = `It may create associations and pass ${counted(passed.length, 'role')} of other pods: ${someOf(passed.map(roleName))}.`;
      yield { object: { kind: 'Role', name: role.arn }, text };
    }
  },
});

export const anyPrincipal = defineCheck({
  id: 'PID804',
  title: 'A trust policy allows every AWS account',
  severity: 'error',
  hops: ['trust'],
  inMigration: 'ignored',
  rights: ['iam:GetRole'],
  observation: '`sts:AssumeRole` is evaluated for a role of an unrelated account, for all roles in use.',
  cause: 'The principal is `*`, without a condition that restricts it.',
  effect: 'Anybody with an AWS account who knows the ARN can use the role.',
  fix: 'Name the principals.',
  source: 'IAM User Guide, "AWS JSON policy elements: Principal"',
  *find(facts) {
    const { gaps, aws } = facts.snapshot;
    for (const { right, object: name } of gaps)
      if (right === 'iam:GetRole' && name !== undefined) yield { object: { kind: 'Role', name }, missing: right };
    for (const role of Object.values(aws?.roles ?? {}))
      if (role && strangerTrust(facts, role).value === 'allowed')
        yield { object: { kind: 'Role', name: role.arn }, text: 'Its trust policy allows any principal.' };
  },
});

export const defaultAccount = defineCheck({
  id: 'PID806',
  title: "A namespace's default service account has a role",
  severity: 'warning',
  hops: ['annotation', 'trust'],
  inMigration: 'ignored',
  rights: ['list serviceaccounts', 'list pods'],
  observation: 'The service account `default` has an association or a role annotation.',
  cause: 'A manifest names no service account, and the identity was given to the default one.',
  effect: 'Every pod of the namespace that names no service account gets the role.',
  fix: 'Create a service account for the workload, and move the role to it.',
  source: 'Amazon EKS Best Practices Guide, "Identity and Access Management"',
  *find(facts) {
    for (const account of facts.snapshot.kubernetes.serviceAccounts ?? []) {
      const { namespace, name } = account.metadata;
      const role = facts.association(namespace, name)?.roleArn ?? roleAnnotation(account);
      if (name === 'default' && role)
        yield accountCase(facts, account, `Pods of namespace ${namespace} that name no service account get ${role}.`);
    }
  },
});
