import type { Credentials } from './principal.ts';
import type { Caller } from './principal.ts';
import type { CredentialStore } from './world.ts';
import { newAccessKeyId, newSecretAccessKey, newSessionToken } from './random.ts';

/** Sessions kept before the oldest are forgotten; a forgotten key answers as an unknown one. */
const KEPT_SESSIONS = 100_000;

/** The store of the world, and `add` for keys that are chosen instead of issued. */
export interface WritableCredentialStore extends CredentialStore {
  add(credentials: Credentials, caller: Caller): void;
}

export function credentialStore(): WritableCredentialStore {
  const longTerm = new Map<string, { credentials: Credentials; caller: Caller }>();
  const sessions = new Map<string, { credentials: Credentials; caller: Caller }>();

  function add(credentials: Credentials, caller: Caller): void {
    if (caller.kind === 'root') {
      longTerm.set(credentials.accessKeyId, { credentials, caller });
      return;
    }
    sessions.set(credentials.accessKeyId, { credentials, caller });
    const oldest = sessions.size > KEPT_SESSIONS ? sessions.keys().next().value : undefined;
    if (oldest !== undefined) sessions.delete(oldest);
  }

  return {
    add,
    issue(caller) {
      const credentials: Credentials =
        caller.kind === 'root'
          ? { accessKeyId: newAccessKeyId('AKIA'), secretAccessKey: newSecretAccessKey() }
          : {
              accessKeyId: newAccessKeyId('ASIA'),
              secretAccessKey: newSecretAccessKey(),
              sessionToken: newSessionToken(),
              expiration: caller.expiresAt,
            };
      add(credentials, caller);
      return credentials;
    },
    find: (accessKeyId) => longTerm.get(accessKeyId) ?? sessions.get(accessKeyId),
  };
}
