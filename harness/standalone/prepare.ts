import type { RunningCluster } from '../../clusters/interface/driver.ts';
import type { Emulator } from '../../emulator/index.ts';
import { emulatedAws } from '../aws-target/emulated.ts';
import { registerCluster } from '../engine/emulator-clusters.ts';
import { createWorld, type AccessKey } from './create-world.ts';
import type { ResolvedWorld } from './read-world.ts';

export interface PreparedWorld {
  readonly cluster: RunningCluster | undefined;
  /** Access keys by user. */
  readonly users: Readonly<Record<string, AccessKey>>;
}

/** Whether a world has parts of an EKS cluster. */
export const needsCluster = ({ cluster, associations, roles, issuers }: ResolvedWorld): boolean =>
  cluster !== undefined || associations.length + issuers.length > 0 || roles.some(({ irsa }) => irsa !== undefined);

/**
 * Creates a world in an emulator, with a cluster with node group and agent if it needs one. `clusterName`: an existing
 * cluster, which is always registered. Throws `HarnessError`, `ClusterError` and AWS client errors.
 */
export async function prepareWorld(
  emulator: Emulator,
  world: ResolvedWorld,
  { file, clusterName, signal }: { readonly file: string; readonly clusterName?: string; readonly signal: AbortSignal },
): Promise<PreparedWorld> {
  const aws = emulatedAws(emulator);
  const name = clusterName ?? world.cluster ?? 'local';
  const tags = { 'eks-pod-identity-conformance': 'standalone' };
  const isNeeded = clusterName !== undefined || needsCluster(world);
  const cluster = isNeeded ? await registerCluster(aws, name, { tags, addon: {}, signal }) : undefined;
  return { cluster, users: await createWorld(aws, world, cluster, file) };
}
