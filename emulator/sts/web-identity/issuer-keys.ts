import type { World } from '../../core/world.ts';
import type { Cluster, JsonWebKeySet } from '../../eks/model.ts';
import { fetchIssuerKeys } from './fetch-issuer-keys.ts';

/** The cluster whose issuer of service account tokens `matches`. */
export function clusterOfIssuer(world: World, matches: (issuer: string) => boolean): Cluster | undefined {
  for (const account of world.accounts.values()) {
    for (const cluster of account.clusters.values()) if (matches(cluster.issuer)) return cluster;
  }
  return undefined;
}

/**
 * The public keys of an issuer: a cluster's from the cluster itself, those of an issuer on this machine over HTTP. Other
 * issuers are not reached. Rejects when there are none to be had.
 */
export async function issuerKeys(
  issuer: string,
  cluster: Cluster | undefined,
  thumbprints: readonly string[],
): Promise<JsonWebKeySet> {
  if (cluster === undefined) return fetchIssuerKeys(issuer, thumbprints);
  if (cluster.managed === undefined) throw new Error(`cluster ${cluster.name} has no API server`);
  return cluster.managed.jwks();
}
