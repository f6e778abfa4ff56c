import type { User } from '../iam/model.ts';
import type { Caller, IamUser, RoleSession } from '../../identity/policy/principal.ts';
import type { Credentials } from '../core/credentials.ts';
import type { CredentialStore } from './world.ts';
import { newAccessKeyId, newSecretAccessKey, newSessionToken } from '../core/random.ts';

/** Number of sessions to keep. The keys of older ones become unknown. */
const KEPT_SESSIONS = 100_000;

interface Key<Owner extends Caller> {
  readonly credentials: Credentials;
  readonly caller: Owner;
}

/** `add` registers given keys of users. */
interface WritableCredentialStore extends CredentialStore {
  add(credentials: Credentials, caller: IamUser): void;
}

/** @param userOf returns the user as services outside IAM see it */
export function credentialStore(userOf: (caller: IamUser) => User | undefined): WritableCredentialStore {
  const longTerm = new Map<string, Key<IamUser>>();
  const sessions = new Map<string, Key<RoleSession>>();

  return {
    add: (credentials, caller) => void longTerm.set(credentials.accessKeyId, { credentials, caller }),
    issue(caller) {
      if (caller.kind === 'user') {
        const key = { accessKeyId: newAccessKeyId('AKIA'), secretAccessKey: newSecretAccessKey() };
        longTerm.set(key.accessKeyId, { credentials: key, caller });
        return key;
      }
      const credentials: Credentials = {
        accessKeyId: newAccessKeyId('ASIA'),
        secretAccessKey: newSecretAccessKey(),
        sessionToken: newSessionToken(),
        expiration: caller.expiresAt,
      };
      sessions.set(credentials.accessKeyId, { credentials, caller });
      const oldest = sessions.size > KEPT_SESSIONS ? sessions.keys().next().value : undefined;
      if (oldest !== undefined) sessions.delete(oldest);
      return credentials;
    },
    find(accessKeyId) {
      const key = longTerm.get(accessKeyId);
      if (key === undefined) return sessions.get(accessKeyId);
      return userOf(key.caller)?.accessKeys.get(accessKeyId)?.active === true ? key : undefined;
    },
  };
}
