import type { ClusterAlias } from '../scenario/policy.ts';
import type { HarnessOperation } from '../scenario/spec.ts';
import { clusterOf } from '../world/world.ts';
import { defineOperation } from './registry.ts';

interface ReviewToken extends HarnessOperation {
  readonly do: 'ReviewToken';
  readonly cluster: ClusterAlias;
  readonly token: string;
}

/** TokenReview of a token of the scenario. */
export const reviewToken = (token: string, cluster: ClusterAlias = 'c1'): ReviewToken => ({
  do: 'ReviewToken',
  cluster,
  token,
});

defineOperation<ReviewToken>({
  name: 'ReviewToken',
  performedBy: 'harness',
  refersTo: ({ token, cluster }) => ({ tokens: [token], clusters: [cluster] }),
  describe: ({ token }) => [token],
  perform: async (world, { token, cluster }) => {
    const review = await clusterOf(world, cluster).kubernetes.reviewToken(world.tokens.get(token) ?? '');
    const { authenticated, username, error = 'not authenticated' } = review;
    const facts = { authenticated, ...(username !== undefined && { username }) };
    if (authenticated) return { outcome: 'granted', facts };
    return { outcome: 'refused', layer: 'kubernetes', code: 'Unauthenticated', message: error, facts };
  },
});
