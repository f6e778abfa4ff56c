import type { ClusterSource } from './source.ts';
import { kindCapabilities } from './capabilities.ts';
import { createKindCluster } from './create.ts';
import type { Docker } from './docker.ts';
import { kindProgram, kindVersion } from './kind.ts';
import { createNetwork } from './network.ts';
import type { KindOptions } from './options.ts';
import type { Resources } from '../../foundation/resources.ts';
import type { Runner } from './runner.ts';

/** Clusters that kind makes, in a network of the run's own. Throws `ClusterError`. */
export async function newClusters(
  options: KindOptions,
  docker: Docker,
  run: Runner,
  resources: Resources,
): Promise<ClusterSource> {
  const program = await kindProgram();
  const kind = await kindVersion(run, program);
  const network = await createNetwork(docker, options.run, resources);
  return {
    network,
    capabilities: kindCapabilities(false, options.agentChart),
    facts: { kind },
    createCluster: (spec, context) => createKindCluster(spec, context, program),
  };
}
