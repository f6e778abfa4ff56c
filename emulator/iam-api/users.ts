import type { User } from '../iam/model.ts';
import type { IamUser } from '../../identity/policy/principal.ts';
import { timestamp, type XmlStructure } from '../query/xml.ts';
import type { IamCall, IamOperation } from './call.ts';
import { deleteConflict, limitExceeded, noSuchEntity } from './errors.ts';
import { deleteIdentity, detailsOf, listOperation, newIdentity, shortIdentity, USERS } from './identities.ts';
import { identityOperations } from './identity-policies.ts';

const ACCESS_KEYS_QUOTA = 2;

/** Groups, passwords and MFA devices are not supported. */
export const users = {
  CreateUser: (call) => {
    const user: User = { ...newIdentity(USERS, call), accessKeys: new Map() };
    call.account.users.set(user.name, user);
    return { User: wholeUser(user) };
  },

  GetUser: (call) => {
    const { caller } = call.request;
    if (caller?.kind === 'root' && call.parameters.text('UserName') === undefined) {
      return { User: { UserId: caller.userId, Arn: caller.arn, CreateDate: timestamp(0) } };
    }
    return { User: wholeUser(USERS.demand(call, 'iam:GetUser')) };
  },

  ListUsers: listOperation(USERS, (user) => shortIdentity(USERS, user)),

  DeleteUser: (call) => {
    const user = USERS.demand(call, 'iam:DeleteUser');
    if (user.accessKeys.size > 0) throw deleteConflict('Cannot delete entity, must delete access keys first.');
    deleteIdentity(USERS, call, user);
  },

  CreateAccessKey: (call) => {
    const user = USERS.demand(call, 'iam:CreateAccessKey');
    if (user.accessKeys.size >= ACCESS_KEYS_QUOTA) {
      throw limitExceeded(`Cannot exceed quota for AccessKeysPerUser: ${ACCESS_KEYS_QUOTA}`);
    }
    const { accountId, arn, name, id } = user;
    const owner: IamUser = { kind: 'user', accountId, arn, userName: name, userId: id };
    const { accessKeyId, secretAccessKey } = call.context.world.credentials.issue(owner);
    const createdAt = call.context.world.clock.now();
    const changed = changeKey(call, user, accessKeyId, { createdAt, active: true });
    return { AccessKey: { ...keysOf(changed).at(-1), SecretAccessKey: secretAccessKey } };
  },

  ListAccessKeys: (call) => {
    const user = USERS.demand(call, 'iam:ListAccessKeys');
    return { UserName: user.name, AccessKeyMetadata: keysOf(user), IsTruncated: false };
  },

  UpdateAccessKey: (call) => {
    const user = USERS.demand(call, 'iam:UpdateAccessKey');
    const [id, key] = keyNamed(call, user);
    changeKey(call, user, id, { ...key, active: call.parameters.required('Status') === 'Active' });
  },

  DeleteAccessKey: (call) => {
    const user = USERS.demand(call, 'iam:DeleteAccessKey');
    changeKey(call, user, keyNamed(call, user)[0], undefined);
  },

  ...identityOperations(USERS),

  /** Tools list these before they delete a user. */
  ListGroupsForUser: (call) => {
    USERS.demand(call, 'iam:ListGroupsForUser');
    return { Groups: [], IsTruncated: false };
  },

  ListAccountAliases: ({ demand }) => {
    demand('iam:ListAccountAliases', '*');
    return { AccountAliases: [], IsTruncated: false };
  },
} satisfies Record<string, IamOperation>;

type AccessKey = User['accessKeys'] extends ReadonlyMap<string, infer Key> ? Key : never;

const wholeUser = (user: User): XmlStructure => ({ ...shortIdentity(USERS, user), ...detailsOf(user) });

const keysOf = ({ name, accessKeys }: User): XmlStructure[] =>
  [...accessKeys].map(([id, { active, createdAt }]) => ({
    UserName: name,
    AccessKeyId: id,
    Status: active ? 'Active' : 'Inactive',
    CreateDate: timestamp(createdAt),
  }));

function keyNamed({ parameters }: IamCall, user: User): readonly [string, AccessKey] {
  const id = parameters.required('AccessKeyId');
  const key = user.accessKeys.get(id);
  if (key === undefined) throw noSuchEntity(`The Access Key with id ${id} cannot be found.`);
  return [id, key];
}

function changeKey(call: IamCall, user: User, id: string, key: AccessKey | undefined): User {
  const accessKeys = new Map(user.accessKeys);
  if (key === undefined) accessKeys.delete(id);
  else accessKeys.set(id, key);
  return USERS.change(call, user, { accessKeys });
}
