import type { ClusterFacts } from '../facts/cluster-facts.ts';
import { subjectOf } from '../facts/identity.ts';
import { annotatedAccounts, providerArnFor, type AnnotatedAccount } from '../facts/irsa.ts';
import {
  chainStatement,
  permissionStatement,
  podStatement,
  sidOf,
  statementsOf,
  TAGGED,
  withStatements,
  withTrust,
  type Statement,
} from '../facts/statements.ts';
import { POD_IDENTITY_SERVICE, type PodSubject } from '../../identity/pod-identity.ts';
import { webIdentityStatement } from '../../identity/trust.ts';
import { tokenSubject } from '../../identity/web-identity.ts';
import {
  associationPath,
  decidePath,
  lastOf,
  podIdentityTrust,
  webIdentityTrust,
  type TrustDecision,
} from '../facts/trust.ts';
import type { Association, Role } from '../snapshot/aws.ts';
import type { Case } from './check.ts';
import { aws } from './commands.ts';

/** The default quota of "Role trust policy length" (IAM User Guide, "IAM and AWS STS quotas"). */
const LONGEST = 2048;

/** Returns the associations whose service account exists. All of them if service accounts could not be read. */
export const usableAssociations = (facts: ClusterFacts): readonly Association[] =>
  facts.snapshot.kubernetes.serviceAccounts === undefined
    ? facts.associations
    : facts.associations.filter((one) => facts.serviceAccount(one.namespace, one.serviceAccount) !== undefined);

/** Returns the first pod of an association's service account, or the service account itself. */
export function subjectOfAssociation(facts: ClusterFacts, { namespace, serviceAccount }: Association): PodSubject {
  const [pod] = facts.podsOf(namespace, serviceAccount);
  return pod ? subjectOf(pod) : { namespace, serviceAccount };
}

/** Decides whether EKS Auth can assume a role for an association; undefined if the role or the cluster was not read. */
export function associationTrust(
  facts: ClusterFacts,
  association: Association,
  role = facts.role(association.roleArn),
): TrustDecision | undefined {
  const cluster = facts.snapshot.aws?.cluster;
  if (!role || !cluster) return undefined;
  return podIdentityTrust(facts, role, association, subjectOfAssociation(facts, association));
}

/** Decides whether an annotated service account can assume a role with a token of the issuer. */
export function accountTrust(
  facts: ClusterFacts,
  { account, roleArn, audience }: AnnotatedAccount,
  issuer: string,
  role: Role,
): TrustDecision {
  const { namespace = 'default', name: serviceAccount } = account.metadata;
  const provider = { arn: providerArnFor(roleArn, issuer), issuer };
  return webIdentityTrust(facts, role, provider, audience, { namespace, serviceAccount });
}

const accountStatement = ({ account, roleArn, audience }: AnnotatedAccount, issuer: string): Statement => {
  const { namespace = '', name: serviceAccount } = account.metadata;
  const sub = tokenSubject({ namespace, serviceAccount });
  return {
    Sid: sidOf('Irsa', issuer, sub, audience),
    ...webIdentityStatement(providerArnFor(roleArn, issuer), issuer, sub, audience),
  };
};

/** A command, with the policy that it changes. */
type Repair = Pick<Case, 'repair' | 'change'>;

const updateTrust = (facts: ClusterFacts, { name, trustPolicy: before }: Role, after: string): Repair =>
  after.length > LONGEST
    ? {}
    : {
        repair: aws(facts, `iam update-assume-role-policy --role-name ${name} --policy-document`, after),
        change: { policy: `trust policy of role ${name}`, before, after },
      };

/** Returns the command that lets the role of a planned association be assumed; nothing if it can be, or if a statement is not enough. */
export function trustForAssociation(facts: ClusterFacts, association: Association): Repair {
  const [role, cluster] = [facts.role(association.roleArn), facts.snapshot.aws?.cluster];
  if (!role || !cluster) return {};
  const statement = podStatement(
    cluster,
    association.namespace,
    association.serviceAccount,
    !association.disableSessionTags,
  );
  return extended(facts, role, statement, (given) => associationTrust(facts, association, given));
}

/** Returns the command that lets the role of a planned annotation be assumed, as for an association. */
export function trustForAccount(facts: ClusterFacts, account: AnnotatedAccount): Repair {
  const [role, issuer] = [facts.role(account.roleArn), facts.issuer];
  if (!role || issuer === undefined) return {};
  return extended(facts, role, accountStatement(account, issuer), (given) =>
    accountTrust(facts, account, issuer, given),
  );
}

function extended(
  facts: ClusterFacts,
  role: Role,
  statement: Statement,
  decide: (role: Role) => TrustDecision | undefined,
): Repair {
  if (decide(role)?.value !== 'denied') return {};
  const trustPolicy = withTrust(role.trustPolicy, [statement]);
  return decide({ ...role, trustPolicy })?.value === 'allowed' ? updateTrust(facts, role, trustPolicy) : {};
}

const TARGET_POLICY = 'pod-identity-target';

/**
 * Returns the command that lets the first role of an association assume its target role, by the policy that denies it. Nothing if
 * that is not enough, as with a boundary or a Deny.
 */
export function targetRepair(facts: ClusterFacts, association: Association, deniedBy: string | undefined): Repair {
  const { roleArn, targetRoleArn = '', disableSessionTags } = association;
  const [role, target] = [facts.role(roleArn), facts.role(targetRoleArn)];
  const actions = disableSessionTags ? ['sts:AssumeRole'] : TAGGED;
  const isEnough = (changed: Role): boolean => {
    const roleOf = (arn: string) => (arn === changed.arn ? changed : facts.role(arn));
    const path = associationPath(facts, association, subjectOfAssociation(facts, association), roleOf);
    return path !== undefined && lastOf(decidePath(facts, path, { roleOf })).value !== 'denied';
  };
  if (deniedBy === 'trust' && target) {
    const trustPolicy = withTrust(target.trustPolicy, [chainStatement(roleArn, actions)]);
    return isEnough({ ...target, trustPolicy }) ? updateTrust(facts, target, trustPolicy) : {};
  }
  if (deniedBy !== 'identity' || !role?.policies) return {};
  const before = role.policies[TARGET_POLICY] ?? '{"Version":"2012-10-17","Statement":[]}';
  const after = withStatements(before, [permissionStatement(targetRoleArn, actions)]);
  if (!isEnough({ ...role, policies: { ...role.policies, [TARGET_POLICY]: after } })) return {};
  const command = `iam put-role-policy --role-name ${role.name} --policy-name ${TARGET_POLICY} --policy-document`;
  return {
    repair: aws(facts, command, after),
    change: { policy: `policy ${TARGET_POLICY} of role ${role.name}`, before, after },
  };
}

/**
 * Returns the command that adds statements to a trust policy, for all service accounts that it denies, so that the commands of several
 * findings do not undo each other. Nothing if the statements are not enough, as with a Deny, or do not fit.
 */
export function trustRepair(facts: ClusterFacts, role: Role): Repair {
  const { issuer, snapshot } = facts;
  const cluster = snapshot.aws?.cluster;
  const users = [
    ...(cluster ? usableAssociations(facts) : []).map((one) => ({
      arn: one.roleArn,
      statement: () => podStatement(cluster!, one.namespace, one.serviceAccount, !one.disableSessionTags),
      decide: (given: Role) => associationTrust(facts, one, given),
    })),
    ...(issuer === undefined ? [] : annotatedAccounts(facts)).map((one) => ({
      arn: one.roleArn,
      statement: () => accountStatement(one, issuer!),
      decide: (given: Role) => accountTrust(facts, one, issuer!, given),
    })),
  ];
  const denied = users.filter(({ arn, decide }) => arn === role.arn && decide(role)?.value === 'denied');
  const added = denied.map(({ statement }) => statement());
  const trustPolicy = withTrust(role.trustPolicy, added);
  const isEnough = denied.every(({ decide }) => decide({ ...role, trustPolicy })?.value === 'allowed');
  return isEnough ? updateTrust(facts, role, trustPolicy) : {};
}

/** Returns the command that replaces the statements for Pod Identity by one for each service account that has an association. */
export function narrowed(facts: ClusterFacts, role: Role): Repair {
  const cluster = facts.snapshot.aws?.cluster;
  const users = usableAssociations(facts).filter(({ roleArn }) => roleArn === role.arn);
  return cluster === undefined
    ? {}
    : replaced(facts, role, POD_IDENTITY_SERVICE, users, {
        statement: (one) => podStatement(cluster, one.namespace, one.serviceAccount, !one.disableSessionTags),
        decide: (one, given) => associationTrust(facts, one, given),
      });
}

/** Returns the command that replaces the statements for the cluster's provider by one for each annotated service account. */
export function narrowedAccounts(facts: ClusterFacts, role: Role, issuer: string): Repair {
  const users = annotatedAccounts(facts).filter(({ roleArn }) => roleArn === role.arn);
  return replaced(facts, role, providerArnFor(role.arn, issuer), users, {
    statement: (one) => accountStatement(one, issuer),
    decide: (one, given) => accountTrust(facts, one, issuer, given),
  });
}

interface Users<User> {
  readonly statement: (user: User) => Statement;
  readonly decide: (user: User, role: Role) => TrustDecision | undefined;
}

/** Replaces the Allow statements for a principal. */
function replaced<User>(
  facts: ClusterFacts,
  role: Role,
  principal: string,
  users: readonly User[],
  { statement, decide }: Users<User>,
): Repair {
  const isWide = ({ Effect, Principal }: Statement): boolean =>
    Effect === 'Allow' && JSON.stringify(Principal ?? '').includes(`"${principal}"`);
  const Statement = [...statementsOf(role.trustPolicy).filter((one) => !isWide(one)), ...users.map(statement)];
  const trustPolicy = JSON.stringify({ ...(JSON.parse(role.trustPolicy) as object), Statement });
  const isEnough = users.every((one) => decide(one, { ...role, trustPolicy })?.value === 'allowed');
  return isEnough ? updateTrust(facts, role, trustPolicy) : {};
}

/** Whether a policy of the organization denies, so that no policy of the account can allow. */
export const isByOrganization = (decision: TrustDecision | undefined): boolean =>
  /^[sr]cp$/.test(decision?.decision?.deniedBy ?? '');
