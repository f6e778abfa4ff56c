import type { ClusterFacts } from '../facts/cluster-facts.ts';
import { subjectOf } from '../facts/identity.ts';
import { annotatedAccounts, providerArnFor, type AnnotatedAccount } from '../facts/irsa.ts';
import { podStatement, sidOf, withStatements, type Statement } from '../facts/statements.ts';
import type { PodSubject } from '../../identity/pod-identity.ts';
import { tokenSubject } from '../../identity/web-identity.ts';
import { podIdentityTrust, webIdentityTrust, type TrustDecision } from '../facts/trust.ts';
import type { Association, Role } from '../snapshot/aws.ts';
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
    Effect: 'Allow',
    Principal: { Federated: providerArnFor(roleArn, issuer) },
    Action: 'sts:AssumeRoleWithWebIdentity',
    Condition: { StringEquals: { [`${issuer}:sub`]: sub, [`${issuer}:aud`]: audience } },
  };
};

/**
 * Returns the command that adds statements to a trust policy, for all service accounts that it denies, so that the commands of several
 * findings do not undo each other. Undefined if the statements are not enough, as with a Deny, or do not fit.
 */
export function trustCommand(facts: ClusterFacts, role: Role): string | undefined {
  const { issuer, snapshot } = facts;
  const cluster = snapshot.aws?.cluster;
  const users = [
    ...(cluster ? usableAssociations(facts) : []).map((one) => ({
      arn: one.roleArn,
      statement: () => podStatement(cluster!, one.namespace, one.serviceAccount),
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
  const trustPolicy = withStatements(role.trustPolicy, added);
  const isEnough = denied.every(({ decide }) => decide({ ...role, trustPolicy })?.value === 'allowed');
  return isEnough && trustPolicy.length <= LONGEST
    ? aws(facts, `iam update-assume-role-policy --role-name ${role.name} --policy-document`, trustPolicy)
    : undefined;
}
