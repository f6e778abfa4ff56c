import type { ClusterAlias } from '../scenario/policy.ts';
import type { HarnessOperation } from '../scenario/spec.ts';
import { clusterOf } from '../world/world.ts';
import { httpResult } from './http-answer.ts';
import { defineOperation } from './registry.ts';

interface KubernetesGet extends HarnessOperation {
  readonly do: 'KubernetesGet';
  readonly cluster: ClusterAlias;
  readonly path: string;
  readonly as: 'anonymous' | { readonly token: string };
}

/** GET at the API server, anonymously or with a token of the scenario. */
export const kubernetesGet = (path: string, as: KubernetesGet['as'], cluster: ClusterAlias = 'c1'): KubernetesGet => ({
  do: 'KubernetesGet',
  cluster,
  path,
  as,
});

defineOperation<KubernetesGet>({
  name: 'KubernetesGet',
  performedBy: 'harness',
  asScenario: true,
  refersTo: ({ as, cluster }) => ({ tokens: [as === 'anonymous' ? undefined : as.token], clusters: [cluster] }),
  describe: ({ path, as }) => [path, as === 'anonymous' ? 'anonymously' : `with token ${as.token}`],
  perform: async (world, { path, as, cluster }) =>
    httpResult(
      'kubernetes',
      await clusterOf(world, cluster).kubernetes.raw({
        path,
        as: as === 'anonymous' ? as : { token: world.tokens.get(as.token) ?? '' },
      }),
    ),
});
