import { grouped } from '../../foundation/node/grouped.ts';
import { follow, isQuestion, type Path, type Session } from '../../identity/question.ts';
import { webIdentitySession } from '../../identity/web-identity.ts';
import type { ClusterFacts } from '../facts/cluster-facts.ts';
import { deniedGrants, statementsWithoutTags } from '../facts/permissions.ts';
import { credentialsOf, variable } from '../facts/injection.ts';
import { annotatedAccounts, foreignDemand, parseRoleArn, providerArnFor } from '../facts/irsa.ts';
import { statementsOf } from '../facts/statements.ts';
import { associationPath, identityRole, rolePermission } from '../facts/trust.ts';
import type { Association, Role } from '../snapshot/aws.ts';
import type { Pod } from '../snapshot/kubernetes.ts';
import { accountCase, associationCase, ASSOCIATIONS, changeTemplate, defineCheck, podCase, roleName } from './cases.ts';
import type { Case, Unjudged } from './check.ts';
import { aws } from './commands.ts';
import { subjectOfAssociation, usableAssociations } from './repaired-trust.ts';

/** The role that pods end up with, its policies, and a session of it. Assumes that each trust policy allows the role. */
interface Bound {
  /** Undefined for an annotation. */
  readonly association?: Association;
  readonly pods: readonly Pod[];
  readonly caseOf: (text: string, repair?: string) => Case;
  readonly role: Role;
  readonly session: Session;
  readonly packedSize: number;
}

/** A way to a role, and the case of what names it. */
interface Binding extends Pick<Bound, 'association' | 'pods' | 'caseOf'> {
  readonly arn: string;
  readonly path: Path<Session> | undefined;
}

function bindingsOf(facts: ClusterFacts): readonly Binding[] {
  const { issuer } = facts;
  return [
    ...usableAssociations(facts).map((association): Binding => ({
      ...{ association, arn: association.targetRoleArn ?? association.roleArn },
      pods: facts.podsOf(association.namespace, association.serviceAccount),
      path: associationPath(facts, association, subjectOfAssociation(facts, association)),
      caseOf: (text, repair) => associationCase(facts, association, text, repair),
    })),
    ...(issuer === undefined ? [] : annotatedAccounts(facts)).map(
      ({ account, roleArn: arn, audience, pods }): Binding => {
        const { namespace = 'default', name: serviceAccount } = account.metadata;
        const provider = { arn: providerArnFor(arn, issuer!), issuer: issuer! };
        const role = identityRole(arn, facts.role(arn));
        const path = webIdentitySession({ provider, subject: { namespace, serviceAccount }, audience, role });
        return { arn, pods, path, caseOf: (text, repair) => accountCase(facts, account, text, repair) };
      },
    ),
  ];
}

/** Returns the bound roles whose policies were read. Yields those with an unread policy as not judged. */
function* boundRoles(facts: ClusterFacts): Generator<Unjudged, readonly Bound[]> {
  const all: Bound[] = [];
  for (const { arn, path, ...binding } of bindingsOf(facts)) {
    let packedSize = 0;
    const session =
      path &&
      follow(path, (step) => {
        if (!isQuestion(step)) packedSize = Math.max(packedSize, step.packedSize ?? 0);
        return true;
      });
    const role = facts.role(arn);
    const gap = facts.snapshot.gaps.find(({ right, object }) => /^iam:.*Polic/.test(right) && object === arn);
    if (gap) yield { object: binding.caseOf('').object, missing: gap.right, unread: arn };
    if (session && role?.policies) all.push({ ...binding, role, session, packedSize });
  }
  return all;
}

export const missingTags = defineCheck({
  id: 'PID405',
  title: 'A policy needs a session tag that the session lacks',
  severity: 'warning',
  hops: ['trust'],
  inMigration: 'ignored',
  rights: [...ASSOCIATIONS, 'iam:GetRole'],
  observation: "Each Allow statement of the role that names `aws:PrincipalTag` is evaluated with the session's tags.",
  cause: "The association's session tags are off, or a policy variable or condition names a tag that nobody sets.",
  effect: 'The statement never applies, so AWS denies what it should allow.',
  fix: 'Switch on the session tags of the association, or tag the role, or change the policy.',
  source: 'EKS User Guide, "Grant Pods access to AWS resources based on tags"',
  *find(facts) {
    for (const { association, caseOf, role, session } of yield* boundRoles(facts)) {
      const { disableSessionTags: isOff = false, policy, associationId: id } = association ?? {};
      for (const { label, tags } of statementsWithoutTags(facts, session, role)) {
        const names = tags.map((tag) => `aws:PrincipalTag/${tag}`).join(' and ');
        const isBySwitch = isOff && tags.some((tag) => /^(?:eks|kubernetes)-/.test(tag));
        const others = association
          ? 'neither EKS nor the role sets it'
          : 'sessions of IRSA have only the tags of the role';
        const why = isBySwitch ? 'its session tags are off' : others;
        const command = `eks update-pod-identity-association --cluster-name ${facts.name} --association-id ${id} --no-disable-session-tags`;
        const text = `In role ${role.name}, ${label} needs ${names}, but ${why}.`;
        // A session policy requires that the tags are off.
        const repair = isBySwitch && policy === undefined ? aws(facts, command) : undefined;
        yield { ...caseOf(text, repair), part: label, ...(isBySwitch && { severity: 'error' }) };
      }
    }
  },
});

export const deniedByTag = defineCheck({
  id: 'PID406',
  title: 'A Deny by tag, or a boundary, takes away what a policy allows',
  severity: 'warning',
  hops: ['trust'],
  inMigration: 'ignored',
  rights: [...ASSOCIATIONS, 'iam:GetRole'],
  observation:
    "An example of each Allow statement is evaluated with the session's tags, the role's Deny statements and its boundary.",
  cause:
    'A Deny tests a session tag of another namespace or cluster, or the permissions boundary does not list the actions of AWS STS.',
  effect: 'AWS denies the action for all service accounts of the role.',
  fix: 'Change the condition of the Deny, so that it does not match the tag of the session, or allow the action in the boundary.',
  source:
    'IAM User Guide, "Policy evaluation logic"; EKS User Guide, "Grant Pods access to AWS resources based on tags"',
  *find(facts) {
    const bound = yield* boundRoles(facts);
    for (const users of grouped(bound, ({ role }) => role.arn).values()) {
      const denied = users.map(({ session, role }) => deniedGrants(facts, session, role));
      // A shared role may deny some of its service accounts on purpose.
      const always = (denied[0] ?? []).filter(({ label }) =>
        denied.every((one) => one.some((other) => other.label === label)),
      );
      for (const { caseOf, role } of users)
        for (const { label, action, reason } of always) {
          const text = `In role ${role.name}, ${label} allows ${action}, but it is ${reason.startsWith('denied') ? '' : 'denied: '}${reason}.`;
          yield { ...caseOf(text), part: label };
        }
    }
  },
});

/** How full, in percent, packed session tags may be. */
const FULL = 90;

export const packedTags = defineCheck({
  id: 'PID408',
  title: 'Session tags and policies almost fill the packed size',
  severity: 'warning',
  hops: ['trust'],
  rights: [...ASSOCIATIONS],
  observation: `The packed size of session tags and session policy is estimated. ${FULL} percent of the allowed size are reported.`,
  cause: 'The six tags of Pod Identity use more than half of the size. A session policy, or long names, use the rest.',
  effect: 'AWS STS may reject the session, or a later one to which the tags are passed on.',
  fix: 'Switch off the session tags, or shorten the session policy.',
  source: 'IAM User Guide, "Pass session tags in AWS STS"; aws/containers-roadmap#2413',
  *find(facts) {
    for (const { caseOf, packedSize } of yield* boundRoles(facts))
      if (packedSize >= FULL) yield caseOf(`They use about ${Math.round(packedSize)} percent of the packed size.`);
  },
});

const SESSION_NAME = 'AWS_ROLE_SESSION_NAME';

export const kafkaSessionName = defineCheck({
  id: 'PID507',
  title: 'Amazon MSK refuses the changed session name of Pod Identity at renewal',
  severity: 'warning',
  hops: ['token'],
  inMigration: 'blocks',
  rights: [...ASSOCIATIONS, 'iam:GetRole'],
  observation:
    'A statement of the role names actions of `kafka-cluster`, and its policies do not deny them. Pods with IRSA are a note if `AWS_ROLE_SESSION_NAME` is not set.',
  cause:
    'The session name of Pod Identity has a new suffix at each renewal. MSK compares it when a client authenticates again.',
  effect: 'Clients lose the connection when their credentials are renewed, after some hours.',
  fix: 'Use IRSA with a fixed `AWS_ROLE_SESSION_NAME` for clients of MSK, or let them connect again.',
  source: 'aws/containers-roadmap#2362; aws/aws-msk-iam-auth#104',
  *find(facts) {
    const region = facts.snapshot.aws?.region;
    for (const { association, caseOf, pods, role } of yield* boundRoles(facts)) {
      const isNamed = Object.values(role.policies ?? {})
        .flatMap(statementsOf)
        .some(
          ({ Effect, Action }) =>
            Effect === 'Allow' && [Action].flat().some((one) => /^kafka-cluster:/i.test(String(one))),
        );
      const cluster = `arn:${facts.partition}:kafka:${region}:${parseRoleArn(role.arn)?.account}:cluster/x/x`;
      if (!isNamed || rolePermission(facts, role, 'kafka-cluster:Connect', cluster).value === 'denied') continue;
      const allowed = `Role ${role.name} allows kafka-cluster:Connect, and`;
      if (association) yield caseOf(`${allowed} the session name of its sessions changes at each renewal.`);
      else
        for (const pod of pods)
          for (const container of pod.containers) {
            if (credentialsOf(container).webIdentityRole === undefined || variable(container, SESSION_NAME)) continue;
            const text = `${allowed} container ${container.name} sets no ${SESSION_NAME}: some SDKs make another name at each renewal.`;
            const env = [`${SESSION_NAME}=${pod.serviceAccountName}`];
            const repair = changeTemplate(facts, pod, container, { env });
            yield { ...podCase(pod, text, repair), severity: 'info', part: container.name };
          }
    }
  },
});

export const otherAccount = defineCheck({
  id: 'PID407',
  title: 'A role of another account decides, and cannot be read',
  severity: 'info',
  hops: ['target role'],
  inMigration: 'ignored',
  rights: [...ASSOCIATIONS, 'eks:DescribeCluster'],
  observation: "The accounts of the roles of associations and annotations are compared with the cluster's account.",
  cause:
    'A target role, or the role of an annotation, may belong to another account. The first role of an association must not.',
  effect:
    'Without the right trust policy there, EKS Auth answers AccessDeniedException, and AWS STS answers AccessDenied.',
  fix: 'Let the owner of the account compare the trust policy. A role of another account can only be the target role.',
  source: 'EKS User Guide, "Access AWS resources using EKS Pod Identity target IAM roles"',
  *find(facts) {
    const accountId = facts.snapshot.aws?.accountId;
    for (const association of usableAssociations(facts)) yield* foreignRole(facts, association, accountId);
    // A pod that is not ready may be in trouble because of it.
    for (const one of annotatedAccounts(facts)) {
      const demand = one.pods.some(({ ready }) => !ready) ? foreignDemand(facts, one) : undefined;
      if (demand !== undefined) yield accountCase(facts, one.account, demand);
    }
  },
});

function* foreignRole(facts: ClusterFacts, association: Association, accountId: string | undefined): Generator<Case> {
  const { roleArn, targetRoleArn, disableSessionTags, externalId } = association;
  const [first, target] = [roleArn, targetRoleArn].map((arn) => arn && parseRoleArn(arn)?.account);
  if (accountId !== undefined && first && first !== accountId) {
    const text = `Its role ${roleArn} is of account ${first}, but must be of the cluster's account ${accountId}: make it the target role of a role there.`;
    yield { ...associationCase(facts, association, text), severity: 'error', part: 'role' };
  }
  if (
    accountId === undefined ||
    !targetRoleArn ||
    !target ||
    target === accountId ||
    facts.role(targetRoleArn) !== undefined
  )
    return;
  const actions = disableSessionTags ? 'sts:AssumeRole' : 'sts:AssumeRole and sts:TagSession';
  const condition = externalId === undefined ? '' : `; a condition on sts:ExternalId must have the value ${externalId}`;
  const text = `Account ${target} owns target role ${roleName(targetRoleArn)}. Its trust policy must allow ${actions} for ${roleArn}${condition}.`;
  yield { ...associationCase(facts, association, text), part: 'target' };
}
