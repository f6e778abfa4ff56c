import { listOf, objectOf, type JsonObject } from '../../foundation/node/json.ts';
import { knownOf, Unknown, type DeployedRole, type Known } from '../deployment/deployment.ts';
import type { Comparison, NamedDocument, PolicySet } from '../difference/index.ts';
import { decided, decidedWith, decidedWithin, sessionOf, withoutPrincipals, type Decided, type Found, type Guard } from './decide.ts';
import { holderOfRole, holdersOfAccounts, isForPods, type Gap, type Holder } from './holders.ts';
import type { AccessSide } from './files.ts';

/** Access that one side has and the other has not. */
export interface AccessChange {
  readonly newly: 'allowed' | 'denied';
  /** Such as `role app`, `payments/ledger in cluster production` or `policy of aws_sqs_queue.orders`. */
  readonly subject: string;
  /** What is new about the way: an association, an annotation or a trust policy. */
  readonly path?: string;
  readonly action: string;
  readonly resource: string;
  /** What the changed statement is about at most, to accept it. */
  readonly scope: { readonly actions: readonly string[]; readonly resources: readonly string[] };
  /** The policy's address and its statement from 1; none for a part whose policy is not in the files. */
  readonly policy: string;
  readonly sid?: string | undefined;
  readonly statement?: number;
  /** The request; undefined if the policy is not in the files. */
  readonly found?: Found;
  /** Condition keys that the subject always has. */
  readonly known: readonly string[];
  /** What the answer assumes. */
  readonly unless?: readonly string[];
}

export interface Undecided {
  readonly subject: string;
  readonly reason: string;
}

export interface AccessComparison {
  readonly changes: readonly AccessChange[];
  readonly undecided: readonly Undecided[];
  readonly compared: { readonly roles: number; readonly accounts: number; readonly policies: number };
}

const NOTHING: PolicySet = { identityPolicies: [] };
const sameJson = (one: unknown, other: unknown): boolean => JSON.stringify(one) === JSON.stringify(other);

/** Compares what two sides let each role and service account do. */
export function compareAccess(before: AccessSide, after: AccessSide): AccessComparison {
  const changes: AccessChange[] = [];
  const undecided: Undecided[] = [];
  const pairs = rolePairs(before, after);
  const guards = guardsOf(before, after, pairs, undecided);
  const [accountsBefore, accountsAfter] = [holdersOfAccounts(before), holdersOfAccounts(after)];
  for (const part of after.unread)
    if (part.content === undefined ? !sameJson(before.files, after.files) : !before.unread.some((one) => sameJson(one, part)))
      undecided.push({ subject: 'files', reason: part.reason });
  for (const one of accountsAfter.unknown)
    if (!accountsBefore.unknown.some((other) => sameJson(one, other)))
      undecided.push({ subject: one.address, reason: one.reason });

  const ofRole = (holders: ReadonlyMap<string, Holder>, role: DeployedRole | undefined): Holder[] =>
    [...holders.values()].filter((one) => role !== undefined && one.role === role);
  const isWhole = new Set<DeployedRole>();
  for (const [old, role] of pairs) {
    const [was, is] = [old && holderOfRole(old), role && holderOfRole(role)];
    const isOfPods = isForPods((role ?? old)!) && ofRole(accountsAfter.holders, role).length > 0;
    if (!isOfPods) {
      for (const one of [old, role]) if (one) isWhole.add(one);
      add(was, is);
    }
    if (old && role && !sameJson(old.trust, role.trust)) addTrust(old, role);
  }
  for (const key of new Set([...accountsBefore.holders.keys(), ...accountsAfter.holders.keys()])) {
    const is = accountsAfter.holders.get(key);
    const short = key.split(' ').at(-1) ?? key;
    const was = accountsBefore.holders.get(key) ?? accountsBefore.holders.get(short);
    // An association replaces the annotation.
    if (is === undefined && [...accountsAfter.holders.keys()].some((other) => other.endsWith(` ${key}`))) continue;
    addAccount(was, is);
  }
  for (const guard of guards.filter(({ kind }) => kind === 'resource')) addResource(guard);
  return {
    changes: unique(changes),
    undecided: [...new Map(undecided.map((one) => [JSON.stringify(one), one])).values()],
    compared: {
      roles: pairs.length,
      accounts: accountsAfter.holders.size,
      policies: guards.filter(({ kind }) => kind === 'resource').length,
    },
  };

  function addAccount(was: Holder | undefined, is: Holder | undefined): void {
    const isSameWay = was !== undefined && is !== undefined && was.way === is.way;
    const had = was && (was.reach === 'allowed' || (isSameWay && was.reach === 'unknown')) ? was : undefined;
    if (is?.reach === 'unknown' && !isSameWay)
      return void undecided.push({ subject: is.name, reason: `whether it gets role ${is.role?.name} is not known: its trust policy depends on unknown values` });
    const has = is && is.reach !== 'denied' ? is : undefined;
    if (!had && !has) return;
    const isSameRole = had && has && (had.role ? pairs.some(([old, role]) => old === had.role && role === has.role) : had.roleArn === has.roleArn);
    const isPlain = ({ policies }: Holder): boolean => policies.sessionPolicies === undefined;
    const isCovered = has?.role === undefined || isWhole.has(has.role);
    if (isSameRole && isPlain(had) && isPlain(has) && isCovered && sameJson(had.absent, has.absent)) return;
    const from = has && !isSameRole ? `${had ? 'another role' : 'a new way to a role'}: ${has.address} gives it ${roleText(has)}` : undefined;
    if (has && has.role === undefined && !isSameRole) {
      if (had) return void undecided.push({ subject: has.name, reason: `${from}, whose policies are not in the files` });
      return void changes.push({
        ...{ newly: 'allowed', subject: has.name, path: from!, policy: has.address, known: [] },
        ...{ action: 'sts:AssumeRole', resource: has.roleArn, scope: { actions: ['sts:AssumeRole'], resources: [has.roleArn] } },
        unless: [`${roleText(has)} is not in the files`],
      });
    }
    add(had, has, from);
  }

  /** Compares a role or service account. */
  function add(was: Holder | undefined, is: Holder | undefined, path?: string): void {
    const holder = (is ?? was)!;
    const [had, has] = [was?.policies ?? NOTHING, is?.policies ?? NOTHING];
    const gaps = addGaps(was, is, had);
    const isSameContext = was === undefined || is === undefined || sameJson([was.context, was.absent], [is.context, is.absent]);
    const depends = /aws:PrincipalTag|aws:PrincipalArn|aws:userid/i.test(JSON.stringify([had, has]));
    if (sameJson(had, has) && (isSameContext || !depends) && was?.roleArn === is?.roleArn) return;
    const comparison = comparisonOf(holder, had, has);
    if (!isSameContext && depends) {
      const reason = 'its tags changed, and policies depend on them';
      return void undecided.push({ subject: holder.name, reason });
    }
    record(decidedWith(comparison, guards), holder, path, gaps);
  }

  function record({ found, limits }: Decided, holder: Holder, path?: string, unless: readonly string[] = []): void {
    for (const reason of limits) undecided.push({ subject: holder.name, reason });
    for (const one of found) {
      const key = Object.keys(one.request.context).find((name) => name.startsWith('after-deployment:'));
      const change = changeOf(one, holder.name, { path, unless, known: Object.keys(holder.context) });
      if (key === undefined) changes.push(change);
      else if (one.newly === 'allowed')
        undecided.push({ subject: holder.name, reason: `${one.request.action} may be newly allowed, by the value of ${key.slice('after-deployment:'.length)}` });
    }
  }

  /** Reports policies that are not known. Returns what the answer assumes of those that stay. */
  function addGaps(was: Holder | undefined, is: Holder | undefined, had: PolicySet): readonly string[] {
    const isIn = (gap: Gap, of: Holder | undefined): boolean =>
      of?.gaps.some((one) => sameJson({ ...one, address: gap.isElsewhere || one.address }, { ...gap, address: gap.isElsewhere || gap.address }) && (!gap.isElsewhere || one.address === gap.address)) === true;
    const lost = (was?.gaps ?? []).filter((gap) => !isIn(gap, is));
    for (const gap of (is?.gaps ?? []).filter((one) => !isIn(one, was))) {
      const hasAll = /"Effect":"Allow","Action":"\*","Resource":"\*"\}/.test(JSON.stringify(had).replaceAll('\\"', '"'));
      const isLimited = is?.policies.permissionsBoundary !== undefined || is?.policies.sessionPolicies !== undefined;
      if (hasAll && gap.kind === 'attached') continue;
      const isNew = gap.kind === 'attached' && gap.isElsewhere && gap.address.startsWith('arn:') && lost.length === 0 && !isLimited;
      if (!isNew) {
        if (gap.kind === 'boundary' && was !== undefined && was.policies.permissionsBoundary === undefined && lost.length === 0) continue;
        undecided.push({ subject: is!.name, reason: `${gap.address}: ${gap.reason}` });
      } else
        changes.push({
          ...{ newly: 'allowed', subject: is.name, action: 'iam:AttachRolePolicy', resource: gap.address, policy: is.role?.address ?? is.address, known: [] },
          scope: { actions: ['iam:AttachRolePolicy'], resources: [gap.address] },
        });
    }
    for (const gap of lost)
      if (is && (gap.kind !== 'attached' || /Deny|Quarantine/i.test(gap.address)) && !/\bDenyAll\b/.test(gap.reason))
        undecided.push({ subject: is.name, reason: `${gap.address} was not known, and is no longer there` });
    return (is?.gaps ?? []).filter((gap) => isIn(gap, was)).map(({ address }) => address);
  }

  function addTrust(old: DeployedRole, role: DeployedRole): void {
    const subject = `role ${role.name}`;
    if (role.trust instanceof Unknown || old.trust instanceof Unknown)
      return void undecided.push({ subject, reason: `the trust policy: ${(role.trust instanceof Unknown ? role.trust : (old.trust as Unknown)).reason}` });
    const named = (one: DeployedRole): NamedDocument => ({ name: `${one.address} trust policy`, document: String(knownOf(one.trust)) });
    const result = decided({
      before: { ...NOTHING, trustPolicy: named(old) },
      after: { ...NOTHING, trustPolicy: named(role) },
      ...{ principals: [], resourceAccount: role.arn.split(':')[4] ?? after.accountId, resources: [role.arn], actions: ['sts:*'] },
    });
    const holder = { ...holderOfRole(role), name: subject, context: {} };
    record(result, holder, `the trust policy of role ${role.name}`);
  }

  /** Compares the policy of a resource, for the roles of the files with their own policies. */
  function addResource(guard: Guard): void {
    if (sameJson(guard.before?.document, guard.after?.document)) return;
    const subject = `policy of ${guard.address}`;
    const present = pairs.filter(([old, role]) => old && role) as [DeployedRole, DeployedRole][];
    const arns = present.map(([, role]) => role.arn);
    const rest = { ...guard, before: withoutPrincipals(guard.before, arns), after: withoutPrincipals(guard.after, arns) };
    const { found, limits } = decided({
      before: { ...NOTHING, resourcePolicy: rest.before },
      after: { ...NOTHING, resourcePolicy: rest.after },
      ...{ principals: [], resourceAccount: after.accountId, ...(guard.resources && { resources: guard.resources }) },
    });
    for (const reason of limits) undecided.push({ subject, reason });
    for (const one of found) changes.push(changeOf(one, subject, { known: [] }));
    const text = JSON.stringify([guard.before, guard.after]);
    for (const [old, role] of present) {
      const [was, is] = [holderOfRole(old), holderOfRole(role)];
      // Roles with other policies were compared above.
      if (!text.includes(role.arn) || !sameJson(was.policies, is.policies)) continue;
      record(decidedWithin(comparisonOf(is, was.policies, is.policies), guard), is);
    }
  }

  function comparisonOf({ roleArn, context, absent }: Holder, had: PolicySet, has: PolicySet): Comparison {
    return {
      ...{ before: had, after: has, context, absent, principals: [{ principal: sessionOf(roleArn) }] },
      resourceAccount: roleArn.split(':')[4] ?? after.accountId,
    };
  }
}

const roleText = ({ role, roleArn }: Holder): string => `role ${role?.name ?? roleArn}`;

/** Returns roles of both sides: the same ARN, or else the same address. */
function rolePairs(before: AccessSide, after: AccessSide): readonly [DeployedRole | undefined, DeployedRole | undefined][] {
  const left = new Set(before.roles);
  const isOnlyPolicy = ({ files, roles }: AccessSide): boolean => files.length === 1 && roles.length === 1 && roles[0]?.trust === '';
  const take = (fits: (one: DeployedRole) => boolean): DeployedRole | undefined => {
    const found = [...left].find(fits);
    if (found) left.delete(found);
    return found;
  };
  if (isOnlyPolicy(before) && isOnlyPolicy(after)) return [[before.roles[0], after.roles[0]]];
  const byArn = after.roles.map((role) => [take(({ arn }) => arn === role.arn), role] as const);
  const all = byArn.map(([old, role]): [DeployedRole | undefined, DeployedRole] => [old ?? take(({ address }) => address === role.address), role]);
  return [...all, ...[...left].map((one): [DeployedRole, undefined] => [one, undefined])];
}

/** Returns policies of resources, and trust policies, of both sides. */
function guardsOf(
  before: AccessSide,
  after: AccessSide,
  pairs: readonly (readonly [DeployedRole | undefined, DeployedRole | undefined])[],
  undecided: Undecided[],
): readonly Guard[] {
  const named = (address: string, text: Known<string> | undefined): NamedDocument | undefined =>
    knownOf(text) === undefined || knownOf(text) === '' ? undefined : { name: address, document: knownOf(text)! };
  const trusts = pairs.flatMap(([old, role]): Guard[] => {
    if (old?.trust === '' || role?.trust === '' || old?.trust instanceof Unknown || role?.trust instanceof Unknown) return [];
    const { address, arn } = (role ?? old)!;
    return [{ kind: 'trust', address, resources: [arn], before: named(`${address} trust policy`, old?.trust ?? DENIES_ALL), after: named(`${address} trust policy`, role?.trust ?? DENIES_ALL) }];
  });
  const old = [...before.resourcePolicies];
  const both = after.resourcePolicies.map((is) => {
    const index = [old.findIndex((one) => one.address === is.address), old.findIndex((one) => one.resources && sameJson(one.resources, is.resources))].find((one) => one >= 0);
    const was = index === undefined ? undefined : old.splice(index, 1)[0];
    return [was, is] as const;
  });
  const policies = [...both, ...old.map((was) => [was, undefined] as const)].flatMap(([was, is]): Guard[] => {
    const { address } = (is ?? was)!;
    const unknown = [is?.text, was?.text].find((text) => text instanceof Unknown);
    if (unknown !== undefined) {
      if (!sameJson(was?.text, is?.text)) undecided.push({ subject: `policy of ${address}`, reason: unknown.reason });
      return [];
    }
    const resources = [...new Set([...(was?.resources ?? []), ...(is?.resources ?? [])])];
    return [
      {
        ...{ kind: 'resource', address, resources: resources.length === 0 ? undefined : resources },
        ...{ before: named(address, was?.text ?? keyPolicy(resources)), after: named(address, is?.text ?? keyPolicy(resources)) },
      },
    ];
  });
  return [...trusts, ...policies];
}

const DENIES_ALL = '{"Version":"2012-10-17","Statement":{"Effect":"Deny","Principal":"*","Action":"*"}}';

/** The policy of a key that has none (KMS Developer Guide, "Default key policy"). */
function keyPolicy(resources: readonly string[]): string | undefined {
  const [, account] = /^arn:[^:]+:kms:[^:]*:(\d{12}):/.exec(resources[0] ?? '') ?? [];
  return account && JSON.stringify({ Version: '2012-10-17', Statement: { Effect: 'Allow', Principal: { AWS: `arn:aws:iam::${account}:root` }, Action: 'kms:*', Resource: '*' } });
}

function changeOf(found: Found, subject: string, more: { path?: string | undefined; unless?: readonly string[]; known: readonly string[] }): AccessChange {
  const { newly, request, statement, sides } = found;
  const all = [sides.after, sides.before].flatMap((set) => Object.values(set).flat() as (NamedDocument | undefined)[]);
  const documents = all.filter((one) => one?.name === statement.policy).map((one) => (typeof one!.document === 'string' ? (JSON.parse(one!.document) as JsonObject) : (one!.document as JsonObject)));
  const statements = documents.map((document) => objectOf(listOf(document['Statement'])[statement.index]));
  const isIt = (one: JsonObject): boolean => statement.sid === undefined || one['Sid'] === statement.sid;
  const texts = (name: string, otherwise: string): string[] => [...new Set(statements.filter(isIt).flatMap((one) => (one[name] === undefined ? [otherwise] : listOf(one[name]).map(String))))];
  const isTrust = statement.policy.endsWith(' trust policy');
  return {
    ...{ newly, subject, action: request.action, resource: request.resource, found, known: more.known },
    ...(more.path !== undefined && { path: more.path }),
    scope: { actions: texts('Action', '*'), resources: isTrust ? [request.resource] : texts('Resource', '*') },
    ...{ policy: statement.policy, sid: statement.sid, statement: statement.index + 1 },
    ...((more.unless ?? []).length > 0 && { unless: more.unless! }),
  };
}

/** Joins changes of several service accounts by the same statement. */
const unique = (changes: readonly AccessChange[]): readonly AccessChange[] => [
  ...new Map(changes.map((one) => [JSON.stringify([one.newly, one.subject, one.policy, one.statement, one.resource, one.action]), one])).values(),
];
