import { listOf } from '../../foundation/node/json.ts';
import type { Organization } from '../organization.ts';
import { Unknown, type DeployedPolicy, type DeployedRole } from '../deployment/deployment.ts';
import {
  documentsOf,
  session,
  statementsIn,
  type Comparison,
  type NamedDocument,
  type PolicySet,
} from '../difference/index.ts';
import { statementProblems } from '../policy/actions.ts';
import * as decide from './decide.ts';
import { guardsOf, rolePairs, sameJson, type RolePair } from './guards.ts';
import { accountsOf, holderOf, isForPods, type Holder } from './holders.ts';
import type { AccessSide } from './files.ts';
import { tagsApart } from './tags-apart.ts';

/** Access that one side has and the other has not. */
export interface AccessChange {
  readonly newly: 'allowed' | 'denied';
  /** Such as `role app`, `payments/ledger in cluster production` or `policy of aws_sqs_queue.orders`. */
  readonly subject: string;
  /** The new part of the way: an association, an annotation or a trust policy. */
  readonly path?: string | undefined;
  readonly action: string;
  readonly resource: string;
  /** The address of the policy, or of the association. */
  readonly policy: string;
  /** The request; undefined if the policy is not in the files. */
  readonly difference?: decide.NewDifference;
  /** Policies that are not in the files, and may decide otherwise. */
  readonly unless?: readonly string[];
}

export interface AccessComparison {
  readonly changes: readonly AccessChange[];
  readonly undecided: readonly { readonly subject: string; readonly reason: string }[];
  readonly compared: { readonly roles: number; readonly accounts: number; readonly policies: number };
}

const NOTHING: PolicySet = { identityPolicies: [] };
/** Resources that are not compared and may deny, so that access may be new without them. */
const LIMITS = /organizations|vpc_?endpoint|public.access/i;
const AFTER_DEPLOYMENT = 'after-deployment:';

/** Compares what two sides let each role and service account do. `organization`: restricts both. */
export function compareAccess(before: AccessSide, after: AccessSide, organization?: Organization): AccessComparison {
  const pairs = rolePairs(before, after);
  const { guards, unknown } = guardsOf(before, after, pairs);
  const [old, now] = [accountsOf(before), accountsOf(after)];
  const changes: AccessChange[] = [];
  const undecided = [...unknown, ...now.unknown.filter((one) => !old.unknown.some((other) => sameJson(one, other)))];
  const undecide = (subject: string, ...reasons: readonly string[]): void =>
    void undecided.push(...reasons.map((reason) => ({ subject, reason })));
  for (const part of after.unread) {
    const isSame = part.content !== undefined || sameJson([before.side, before.files], [after.side, after.files]);
    if (!isSame || !before.unread.some((one) => sameJson(one, part))) undecide('files', part.reason);
  }
  for (const part of before.unread)
    if (LIMITS.test(part.reason) && !after.unread.some((one) => sameJson(one, part))) undecide('files', part.reason);
  // Roles that only the service accounts of the files have are compared as these have them.
  const isOfAccounts = ([was, is]: RolePair): boolean =>
    isForPods((is ?? was)!) && [...now.holders.values()].some(({ role }) => role !== undefined && role === is);
  for (const [was, is] of pairs) {
    if (!isOfAccounts([was, is])) compare(was && ofRole(was), is && ofRole(is));
    if (was && is && !sameJson(was.trust, is.trust)) compareTrust(was, is);
  }
  const keys = [...now.holders.keys()];
  for (const key of new Set([...keys, ...old.holders.keys()])) {
    // An association replaces the annotation of its service account.
    const was = old.holders.get(key) ?? old.holders.get(key.split(' ').at(-1) ?? '');
    if (now.holders.has(key) || !keys.some((other) => other.endsWith(` ${key}`)))
      compareAccounts(was, now.holders.get(key));
  }
  const resources = guards.filter(({ kind }) => kind === 'resource');
  for (const guard of resources) if (!sameJson(guard.before, guard.after)) compareResource(guard);
  const keyOf = (one: AccessChange): string =>
    JSON.stringify([one.newly, one.subject, one.policy, one.difference?.statement.index, one.resource, one.action]);
  return {
    changes: [...new Map(changes.map((one) => [keyOf(one), one])).values()],
    undecided: [...new Map(undecided.map((one) => [JSON.stringify(one), one])).values()],
    compared: { roles: pairs.length, accounts: now.holders.size, policies: resources.length },
  };

  function compareAccounts(was: Holder | undefined, is: Holder | undefined): void {
    const isSameWay = was?.way === is?.way;
    if (is?.reach === 'unknown' && !isSameWay)
      return undecide(
        is.name,
        `its way to role ${is.role?.name} depends on values of the trust policy that are not known`,
      );
    const had = was?.reach === 'allowed' || isSameWay ? was : undefined;
    const has = is?.reach === 'denied' ? undefined : is;
    const pair = pairs.find(([one, other]) => one === had?.role && other === has?.role);
    const isSameRole = pair !== undefined || had?.roleArn === has?.roleArn;
    if (had && has && isSameRole && had.namedArn !== has.namedArn && had.roleArn === has.roleArn)
      undecide(has.name, `its role ${had.namedArn} becomes ${has.namedArn}, and the files have one role of this name`);
    const isLimited = [had, has].some((one) => one?.policies.sessionPolicies !== undefined);
    const isCompared = pair !== undefined && !isOfAccounts(pair) && !isLimited;
    if ((!had && !has) || (isCompared && sameJson(had?.absent, has?.absent))) return;
    const path =
      has && !isSameRole ? `new way: ${has.address} gives it role ${has.role?.name ?? has.roleArn}` : undefined;
    if (has === undefined || has.role !== undefined || isSameRole) compare(had, has, path);
    else if (had) undecide(has.name, `${path}, whose policies are not in the files`);
    else {
      const change = { subject: has.name, path, action: 'sts:AssumeRole', resource: has.roleArn, policy: has.address };
      changes.push({ newly: 'allowed', ...change, unless: [`role ${has.roleArn}`] });
    }
  }

  /** Compares a role or service account. */
  function compare(was: Holder | undefined, is: Holder | undefined, path?: string): void {
    const holder = (is ?? was)!;
    if ((is?.role?.policies ?? []).filter(({ kind }) => kind === 'boundary').length > 1)
      undecide(holder.name, 'it has several boundaries, of which a role can have one');
    const [had, has] = [was?.policies ?? NOTHING, is?.policies ?? NOTHING];
    const unless = compareGaps(was, is);
    const old = documentsOf(had).flatMap(problemsOf);
    undecide(
      holder.name,
      ...documentsOf(has)
        .flatMap(problemsOf)
        .filter((problem) => !old.includes(problem)),
    );
    const isMoved = was && is && was.roleArn !== is.roleArn;
    if (isMoved && /aws:PrincipalArn|aws:userid/i.test(JSON.stringify([had, has])))
      return undecide(holder.name, 'its role changed, and policies depend on the name of the role');
    const apart = was && is ? tagsApart(was, is) : undefined;
    const comparison = comparisonOf({ ...holder, ...apart }, apart?.before(had) ?? had, apart?.after(has) ?? has);
    const sidedGuards = guards.map((guard) => (apart ? { ...guard, ...apart.guard(guard) } : guard));
    if (sameJson(comparison.before, comparison.after)) return;
    // Sessions have any name, the compared one has a fixed one.
    const tests = [had, has].map((set) => documentsOf(set).flatMap(useridTests).sort().join());
    if (tests[0] !== tests[1])
      undecide(holder.name, 'policies depend on aws:userid, which ends with the name of the session');
    record(decide.decidedWith(comparison, sidedGuards), holder.name, path, unless);
  }

  function record(
    { differences, limits }: decide.Decided,
    subject: string,
    path?: string,
    unless: readonly string[] = [],
  ): void {
    undecide(subject, ...limits);
    for (const one of differences) {
      const { newly, request, statement } = one;
      const key = Object.keys(request.context).find((name) => name.startsWith(AFTER_DEPLOYMENT));
      const change = {
        newly,
        subject,
        path,
        action: request.action,
        resource: request.resource,
        policy: statement.policy,
      };
      if (key === undefined) changes.push({ ...change, difference: one, ...(unless.length > 0 && { unless }) });
      else if (newly === 'allowed')
        undecide(subject, `${request.action} may be new, by the value of ${key.slice(AFTER_DEPLOYMENT.length)}`);
    }
  }

  /** Reports unknown policies. Returns the unknown policies that stay. */
  function compareGaps(was: Holder | undefined, is: Holder | undefined): readonly string[] {
    const [lost, added] = [missing(was?.gaps, is?.gaps), missing(is?.gaps, was?.gaps)];
    const { identityPolicies = [], permissionsBoundary, sessionPolicies } = was?.policies ?? NOTHING;
    const statements = identityPolicies.flatMap(statementsIn);
    const hasAll =
      statements.every(({ Effect }) => Effect === 'Allow') &&
      statements.some(
        ({ Action, Resource, Condition }) =>
          listOf(Action).includes('*') && listOf(Resource).includes('*') && Condition === undefined,
      );
    const isLimited = is?.policies.permissionsBoundary !== undefined || is?.policies.sessionPolicies !== undefined;
    for (const { kind, address, isElsewhere, text } of is === undefined ? [] : added) {
      const isOnlyLimit = kind === 'boundary' && permissionsBoundary === undefined && lost.length === 0;
      if (isOnlyLimit || (hasAll && kind !== 'boundary' && !permissionsBoundary && !sessionPolicies)) continue;
      if (kind !== 'attached' || !isElsewhere || !address.startsWith('arn:') || lost.length > 0 || isLimited)
        undecide(is!.name, `${address}: ${(text as Unknown).reason}`);
      else {
        const change = { action: 'iam:AttachRolePolicy', resource: address, policy: is!.role!.address };
        changes.push({ newly: 'allowed', subject: is!.name, ...change, unless: [address] });
      }
    }
    for (const { kind, address } of is === undefined ? [] : lost)
      if (kind !== 'attached' || /Deny|Quarantine/i.test(address))
        undecide(is!.name, `${address} was not known, and is no longer there`);
    return missing(is?.gaps, added).map(({ address }) => address);
  }

  function compareTrust(was: DeployedRole, is: DeployedRole): void {
    const guard = guards.find(({ kind, address }) => kind === 'trust' && address === is.address);
    const [unread] = [is.trust, was.trust].filter((one) => one instanceof Unknown);
    if (unread) return undecide(`role ${is.name}`, `its trust policy: ${unread.reason}`);
    if (!guard) return undecide(`role ${is.name}`, 'its trust policy is only on one side');
    const result = decide.decided({
      before: { ...NOTHING, trustPolicy: guard.before },
      after: { ...NOTHING, trustPolicy: guard.after },
      ...{
        principals: [],
        resourceAccount: is.arn.split(':')[4]!,
        resources: [is.arn],
        actions: ['sts:*'],
        organization,
      },
    });
    record(result, `role ${is.name}`, `trust policy of role ${is.name}`);
  }

  /** Compares the policy of a resource, for roles of the files with their own policies. */
  function compareResource(guard: decide.Guard): void {
    const present = pairs.flatMap(([was, is]) => (was && is ? [[ofRole(was), ofRole(is)] as const] : []));
    const arns = present.map(([, { roleArn }]) => roleArn);
    const result = decide.decided({
      before: { ...NOTHING, resourcePolicy: decide.withoutPrincipals(guard.before, arns) },
      after: { ...NOTHING, resourcePolicy: decide.withoutPrincipals(guard.after, arns) },
      ...{ principals: [], resourceAccount: after.accountId, resources: guard.resources, organization },
    });
    record(result, `policy of ${guard.address}`);
    for (const [was, is] of present)
      if (JSON.stringify(guard).includes(is.roleArn))
        record(decide.decidedWithin(comparisonOf(is, was.policies, is.policies), guard), is.name);
  }

  function comparisonOf({ roleArn, context, absent }: Holder, had: PolicySet, has: PolicySet): Comparison {
    const resourceAccount = roleArn.split(':')[4] || after.accountId;
    const principals = [{ principal: session(roleArn) }];
    return { before: had, after: has, context, absent, principals, resourceAccount, organization };
  }
}

/** A session of the role may have other values of its tags, if callers may pass tags (IAM User Guide, "Pass session tags in AWS STS"). */
const ofRole = (role: DeployedRole): Holder => {
  const { context, ...holder } = holderOf(role);
  const mayHaveTags = role.trust instanceof Unknown || /TagSession|"sts:\*"|"\*"/.test(role.trust);
  return { ...holder, context: mayHaveTags ? {} : context, roleArn: role.arn, address: role.address };
};

/** Returns the policies in `some` that are not in `others`. */
const missing = (
  some: readonly DeployedPolicy[] = [],
  others: readonly DeployedPolicy[] = [],
): readonly DeployedPolicy[] => some.filter((one) => !others.some((other) => sameJson(one, other)));

/** Returns the statements of a policy that test the name of the session. */
const useridTests = (policy: NamedDocument): readonly string[] =>
  statementsIn(policy)
    .map((one) => JSON.stringify(one))
    .filter((one) => /aws:userid/i.test(one));

/** Returns actions and condition keys that the authorization reference does not know, so that they may be newer. */
const problemsOf = ({ document }: NamedDocument): readonly string[] =>
  statementProblems(document).map((problem) => problem.replace(/^statement \d+(?: ".*?")?: /, ''));
