import type { ConditionContext } from '../../identity/policy/index.ts';
import type { EventualMap } from '../core/eventual-map.ts';
import { uniqueId } from '../core/random.ts';
import { requestTagContext, resourceTagKeys } from '../../identity/policy/tag-context.ts';
import type { Account } from '../world/world.ts';
import { timestamp, type XmlStructure } from '../query/xml.ts';
import type { Identity, Role, User } from '../iam/model.ts';
import { unbindDeleted } from '../world/principals.ts';
import { page, type IamCall, type IamOperation } from './call.ts';
import { deleteConflict, entityAlreadyExists, noSuchEntity, validationError } from './errors.ts';
import { demandBoundary } from './managed-policies.ts';
import { readTags, tagList } from './tags.ts';

/** Differences between the operations on roles and on users. */
interface KindOptions<Kind extends Identity> {
  readonly type: 'Role' | 'User';
  readonly idPrefix: string;
  /** Total characters of inline policies, without white space (IAM User Guide, "IAM and AWS STS quotas"). */
  readonly inlinePoliciesQuota: number;
  readonly all: (account: Account) => EventualMap<Kind>;
}

/** Declared as methods, so that a kind of roles is also a kind of identities. */
export interface IdentityKind<Kind extends Identity = Identity> extends KindOptions<Kind> {
  /** Returns the named role or user, or the calling user. Throws `AccessDenied` (403) before `NoSuchEntity` (404). */
  demand(call: IamCall, action: string, conditionKeys?: ConditionContext): Kind;
  /** Replaces it with a changed copy, because other services may still use the old one. */
  change(call: IamCall, identity: Kind, change: Partial<Kind>): Kind;
}

const identityKind = <Kind extends Identity>(kind: KindOptions<Kind>): IdentityKind<Kind> => ({
  ...kind,
  demand(call, action, conditionKeys = {}) {
    const { type } = kind;
    const { caller } = call.request;
    const name = call.parameters.text(`${type}Name`) ?? (caller?.kind === 'user' ? caller.userName : undefined);
    if (name === undefined) throw validationError('Must specify userName when calling with non-User credentials');
    const identity = findIdentity(kind, call.account, name);
    const boundary = BOUNDARY_ACTIONS.test(action) ? identity?.permissionsBoundary : undefined;
    call.demand(action, identity?.arn ?? `arn:aws:iam::${call.account.id}:${type.toLowerCase()}/${name}`, {
      ...resourceTagKeys(identity?.tags),
      ...(boundary !== undefined ? { 'iam:PermissionsBoundary': boundary } : {}),
      ...conditionKeys,
    });
    if (identity === undefined) throw noSuchEntity(`The ${type.toLowerCase()} with name ${name} cannot be found.`);
    return identity;
  },
  change({ account }, identity, change) {
    const changed = { ...identity, ...change };
    kind.all(account).set(identity.name, changed);
    return changed;
  },
});

export const ROLES = identityKind<Role>({
  type: 'Role',
  idPrefix: 'AROA',
  inlinePoliciesQuota: 10_240,
  all: ({ roles }) => roles,
});
export const USERS = identityKind<User>({
  type: 'User',
  idPrefix: 'AIDA',
  inlinePoliciesQuota: 2048,
  all: ({ users }) => users,
});

/** The actions that set the key `iam:PermissionsBoundary` (Service Authorization Reference, "AWS Identity and Access Management"). */
const BOUNDARY_ACTIONS =
  /^iam:((Attach|Detach)(Role|User)Policy|(Put|Delete)(Role|User)Policy|(Put|Delete)(Role|User)PermissionsBoundary|(Get|Delete|Update)Role|UpdateRoleDescription|UpdateAssumeRolePolicy)$/;

/** Names are case-insensitive (IAM User Guide, "IAM name requirements"). */
function findIdentity<Kind extends Identity>({ all }: KindOptions<Kind>, account: Account, name: string) {
  const exact = all(account).get(name);
  if (exact !== undefined) return exact;
  const folded = name.toLowerCase();
  for (const other of all(account).values())
    if (other.name.length === name.length && other.name.toLowerCase() === folded) return other;
  return undefined;
}

/** Implements the common part of CreateRole and CreateUser, including authorization. */
export function newIdentity(
  kind: IdentityKind,
  { account, context: { world }, parameters, demand }: IamCall,
): Identity {
  const { type, idPrefix } = kind;
  const name = parameters.required(`${type}Name`);
  const path = parameters.text('Path') ?? '/';
  const boundary = parameters.text('PermissionsBoundary');
  const tags = readTags(parameters);
  const arn = `arn:aws:iam::${account.id}:${type.toLowerCase()}${path}${name}`;
  demand(`iam:Create${type}`, arn, {
    ...requestTagContext(tags),
    ...(boundary !== undefined ? { 'iam:PermissionsBoundary': boundary } : {}),
  });
  // Creating an entity with tags also needs permission to tag it (IAM User Guide, "Tag IAM roles").
  if (tags.size > 0) demand(`iam:Tag${type}`, arn, requestTagContext(tags));
  if (findIdentity(kind, account, name) !== undefined)
    throw entityAlreadyExists(`${type} with name ${name} already exists.`);
  return {
    name,
    path,
    arn,
    tags,
    id: uniqueId(world.random, idPrefix),
    accountId: account.id,
    createdAt: world.clock.now(),
    inlinePolicies: new Map(),
    attachedPolicies: new Set(),
    permissionsBoundary: boundary !== undefined ? demandBoundary(world, account, boundary) : undefined,
  };
}

/** Throws `DeleteConflict` (409) if the entity has policies. */
export function deleteIdentity(kind: IdentityKind, call: IamCall, identity: Identity): void {
  // A policy that was just removed still prevents the deletion.
  const former = kind.all(call.account).withinIam().get(identity.name);
  const seen = former?.id === identity.id ? [former, identity] : [identity];
  if (seen.some(({ attachedPolicies }) => attachedPolicies.size > 0)) {
    throw deleteConflict('Cannot delete entity, must detach all policies first.');
  }
  if (seen.some(({ inlinePolicies }) => inlinePolicies.size > 0)) {
    throw deleteConflict('Cannot delete entity, must delete policies first.');
  }
  kind.all(call.account).delete(identity.name);
  unbindDeleted(call.context.world, identity);
}

export function listOperation<Kind extends Identity>(
  { type, all }: IdentityKind<Kind>,
  shown: (identity: Kind) => XmlStructure,
): IamOperation {
  return ({ account, parameters, demand }) => {
    const prefix = parameters.text('PathPrefix') ?? '/';
    demand(`iam:List${type}s`, `arn:aws:iam::${account.id}:${type.toLowerCase()}${prefix}`);
    const listed = [...all(account).listed().values()].filter(({ path }) => path.startsWith(prefix));
    const { items, members } = page(listed, ({ name }) => name, parameters);
    return { [`${type}s`]: items.map(shown), ...members };
  };
}

export function shortIdentity({ type }: Pick<IdentityKind, 'type'>, identity: Identity): XmlStructure {
  return {
    Path: identity.path,
    [`${type}Name`]: identity.name,
    [`${type}Id`]: identity.id,
    Arn: identity.arn,
    CreateDate: timestamp(identity.createdAt),
  };
}

export function detailsOf({ permissionsBoundary, tags }: Identity): XmlStructure {
  return {
    PermissionsBoundary:
      permissionsBoundary !== undefined
        ? { PermissionsBoundaryType: 'Policy', PermissionsBoundaryArn: permissionsBoundary }
        : undefined,
    Tags: tags.size > 0 ? tagList(tags) : undefined,
  };
}
