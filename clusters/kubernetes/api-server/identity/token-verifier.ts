import type { MemoryStore } from '../store/memory-store.ts';
import type { Clock, KubeObject } from '../model/types.ts';
import type { SigningKeys } from './signing-keys.ts';
import { API_AUDIENCE } from './token-issuer.ts';
import { serviceAccountGroups, serviceAccountUsername, type UserInfo } from '../model/user.ts';

type TokenVerdict =
  | { readonly kind: 'valid'; readonly user: UserInfo; readonly audiences: readonly string[] }
  | { readonly kind: 'refused'; readonly error: string }
  /** The token is not signed by this cluster. */
  | { readonly kind: 'foreign' };

/** Seconds of validity after an object's deletion, and of clock skew, both from Kubernetes. */
const DELETION_GRACE = 60;
const LEEWAY = 60;

interface Reference {
  readonly name: string;
  /** Empty if the node does not exist. */
  readonly uid: string;
}

function reference(value: unknown): Reference | undefined {
  const { name, uid = '' } = (value ?? {}) as { name?: unknown; uid?: unknown };
  return typeof name === 'string' && typeof uid === 'string' ? { name, uid } : undefined;
}

export class TokenVerifier {
  readonly #parts: { issuer: string; keys: SigningKeys; store: MemoryStore; clock: Clock };

  constructor(issuer: string, keys: SigningKeys, store: MemoryStore, clock: Clock) {
    this.#parts = { issuer, keys, store, clock };
  }

  /** Verifies signature, lifetime, audience, account and bound objects. Returns the audiences in common. */
  async verify(token: string, audiences: readonly string[] = [API_AUDIENCE]): Promise<TokenVerdict> {
    const claims = await this.#parts.keys.verify(token);
    if (claims === undefined || claims['iss'] !== this.#parts.issuer) return { kind: 'foreign' };
    const now = this.#parts.clock.now() / 1000;
    if (typeof claims['exp'] === 'number' && now > claims['exp'] + LEEWAY) return refused('token is expired');
    if (typeof claims['nbf'] === 'number' && now < claims['nbf'] - LEEWAY) return refused('token is not valid yet');
    const tokenAudiences = Array.isArray(claims['aud']) ? claims['aud'].map(String) : [];
    const shared = audiences.filter((audience) => tokenAudiences.includes(audience));
    if (shared.length === 0) {
      const [have, want] = [tokenAudiences, audiences].map((list) => JSON.stringify(list));
      return refused(`token audiences ${have} is invalid for the target audiences ${want}`);
    }
    return this.#checkObjects((claims['kubernetes.io'] ?? {}) as Record<string, unknown>, claims['jti'], shared);
  }

  #checkObjects(bound: Readonly<Record<string, unknown>>, id: unknown, audiences: readonly string[]): TokenVerdict {
    const namespace = String(bound['namespace']);
    const account = reference(bound['serviceaccount']);
    if (account === undefined) return refused('service account token has been invalidated');
    if (!this.#lives(this.#parts.store.get('serviceaccounts', namespace, account.name), account.uid)) {
      return refused(`service account ${namespace}/${account.name} has been deleted`);
    }
    const extra: Record<string, string[]> = {};
    if (typeof id === 'string') extra['authentication.kubernetes.io/credential-id'] = [`JTI=${id}`];
    for (const [claim, resource, scope] of [
      ['pod', 'pods', namespace],
      ['secret', 'secrets', namespace],
      ['node', 'nodes', undefined],
    ] as const) {
      const target = reference(bound[claim]);
      if (target === undefined) continue;
      // The node of a pod-bound token is only informative.
      const checked = claim !== 'node' || bound['pod'] === undefined;
      if (checked && !this.#lives(this.#parts.store.get(resource, scope, target.name), target.uid)) {
        return refused('service account token has been invalidated');
      }
      if (claim !== 'secret') {
        extra[`authentication.kubernetes.io/${claim}-name`] = [target.name];
        if (target.uid !== '') extra[`authentication.kubernetes.io/${claim}-uid`] = [target.uid];
      }
    }
    const username = serviceAccountUsername(namespace, account.name);
    const user = { username, uid: account.uid, groups: serviceAccountGroups(namespace), extra };
    return { kind: 'valid', user, audiences };
  }

  #lives(object: KubeObject | undefined, uid: string): boolean {
    if (object === undefined || object.metadata.uid !== uid) return false;
    const { deletionTimestamp } = object.metadata;
    return (
      deletionTimestamp === undefined || this.#parts.clock.now() < Date.parse(deletionTimestamp) + DELETION_GRACE * 1000
    );
  }
}

function refused(error: string): TokenVerdict {
  return { kind: 'refused', error };
}
