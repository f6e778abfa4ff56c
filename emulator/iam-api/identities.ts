import type { ConditionContext } from '../iam/policy/index.ts';
import type { EventualMap } from '../core/eventual-map.ts';
import { uniqueId } from '../core/random.ts';
import { requestTagContext, resourceTagKeys } from '../core/tag-context.ts';
import type { Account } from '../world/world.ts';
import { timestamp, type XmlStructure } from '../query/xml.ts';
import type { Identity, Role, User } from '../iam/model.ts';
import { unbindDeleted } from '../world/principals.ts';
import { page, type IamCall, type IamOperation } from './call.ts';
import { deleteConflict, entityAlreadyExists, noSuchEntity, validationError } from './errors.ts';
import { demandBoundary } from './managed-policies.ts';
import { readTags, tagList } from './tags.ts';

/** What the operations on roles and those on users differ in. */
interface KindOptions<Kind extends Identity> {
  readonly type: 'Role' | 'User';
  /** What the unique ids begin with. */
  readonly idPrefix: string;
  /** Characters of all inline policies of one, white space not counted (IAM User Guide, "IAM and AWS STS quotas"). */
  readonly inlinePoliciesQuota: number;
  readonly all: (account: Account) => EventualMap<Kind>;
}

/** How operations find one and change it. Methods, so that a kind of roles is one of identities too. */
export interface IdentityKind<Kind extends Identity = Identity> extends KindOptions<Kind> {
  /**
   * The role or user that `RoleName` or `UserName` names, or the user who calls, once the caller may do `action` on it. Throws
   * `AccessDenied` (403) before it tells with `NoSuchEntity` (404) that there is none.
   */
  demand(call: IamCall, action: string, conditionKeys?: ConditionContext): Kind;
  /** Puts a changed copy in its place: the role or user as it was may still be what others see. */
  change(call: IamCall, identity: Kind, change: Partial<Kind>): Kind;
}

const identityKind = <Kind extends Identity>(kind: KindOptions<Kind>): IdentityKind<Kind> => ({
  ...kind,
  demand(call, action, conditionKeys = {}) {
    const { type } = kind;
    const { caller } = call.request;
    const name = call.parameters.text(`${type}Name`) ?? (caller?.kind === 'user' ? caller.userName : undefined);
    if (name === undefined) throw validationError('Must specify userName when calling with non-User credentials');
    const found = findIdentity(kind, call.account, name);
    const boundary = BOUNDARY_ACTIONS.test(action) ? found?.permissionsBoundary : undefined;
    call.demand(action, found?.arn ?? `arn:aws:iam::${call.account.id}:${type.toLowerCase()}/${name}`, {
      ...resourceTagKeys(found?.tags),
      ...(boundary !== undefined ? { 'iam:PermissionsBoundary': boundary } : {}),
      ...conditionKeys,
    });
    if (found === undefined) throw noSuchEntity(`The ${type.toLowerCase()} with name ${name} cannot be found.`);
    return found;
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

/**
 * The actions that have the key `iam:PermissionsBoundary` (Service Authorization Reference, "Actions, resources, and condition
 * keys for AWS Identity and Access Management"). A policy that allows others only under that key allows none.
 */
const BOUNDARY_ACTIONS =
  /^iam:((Attach|Detach)(Role|User)Policy|(Put|Delete)(Role|User)Policy|(Put|Delete)(Role|User)PermissionsBoundary|(Get|Delete|Update)Role|UpdateRoleDescription|UpdateAssumeRolePolicy)$/;

/** Names are unique without regard to case (IAM User Guide, "IAM name requirements"). */
function findIdentity<Kind extends Identity>({ all }: KindOptions<Kind>, account: Account, name: string) {
  const exact = all(account).get(name);
  if (exact !== undefined) return exact;
  const folded = name.toLowerCase();
  return [...all(account).values()].find((other) => other.name.toLowerCase() === folded);
}

/** What CreateRole and CreateUser have in common: what is to be made, once the caller may make it. */
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
  // Tags that come with what is made need the right to tag it too (IAM User Guide, "Tag IAM roles").
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

/** Deletes a role or user that has no policies left. Throws `DeleteConflict` (409). */
export function deleteIdentity(kind: IdentityKind, call: IamCall, identity: Identity): void {
  // A policy that was taken from it a moment ago hinders too.
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

/** `ListRoles` and `ListUsers`; `shown` is what they tell of one. */
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

/** What all answers tell of a role or user. */
export function shortIdentity({ type }: Pick<IdentityKind, 'type'>, identity: Identity): XmlStructure {
  return {
    Path: identity.path,
    [`${type}Name`]: identity.name,
    [`${type}Id`]: identity.id,
    Arn: identity.arn,
    CreateDate: timestamp(identity.createdAt),
  };
}

/** What is told of one beside that. */
export function detailsOf({ permissionsBoundary, tags }: Identity): XmlStructure {
  return {
    PermissionsBoundary:
      permissionsBoundary !== undefined
        ? { PermissionsBoundaryType: 'Policy', PermissionsBoundaryArn: permissionsBoundary }
        : undefined,
    Tags: tags.size > 0 ? tagList(tags) : undefined,
  };
}
