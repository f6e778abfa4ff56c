import { createLocalJWKSet, type JSONWebKeySet } from 'jose';
import type { ManagedCluster } from '../eks/model.ts';

type KeySet = ReturnType<typeof createLocalJWKSet>;

interface CachedKeys {
  readonly text: string;
  readonly keys: KeySet;
}

const imported = new WeakMap<ManagedCluster, CachedKeys>();

/** The keys that a cluster signs service account tokens with, imported anew only when the cluster's set changes. */
export async function tokenKeys(managed: ManagedCluster): Promise<KeySet> {
  const set = await managed.jwks();
  const text = JSON.stringify(set);
  const cached = imported.get(managed);
  if (cached?.text === text) return cached.keys;
  const keys = createLocalJWKSet(set as unknown as JSONWebKeySet);
  imported.set(managed, { text, keys });
  return keys;
}
