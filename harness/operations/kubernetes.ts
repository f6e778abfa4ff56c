/** Operations at Kubernetes' API server. */
import type { ClusterAlias } from '../scenario/policy.ts';
import { userName } from '../world/fixtures/users.ts';
import { clusterOf } from '../world/world.ts';
import { httpResult, refusal } from './http-answer.ts';
import { defineHarnessOperation } from './registry.ts';

interface TokenOptions {
  /** User of the scenario who asks. Default: the administrator. */
  readonly as?: string;
  readonly audience?: string;
  readonly cluster?: ClusterAlias;
  readonly expirationSeconds?: number;
  /** Workload whose pod the token is bound to. */
  readonly boundTo?: string;
}

/** TokenRequest for `<namespace>/<service account>`, as a user of the scenario (default: the administrator). */
export const createToken = defineHarnessOperation(
  'CreateToken',
  (serviceAccount: string, options: TokenOptions = {}) => ({
    ...{ serviceAccount, cluster: 'c1' as const, audience: 'sts.amazonaws.com' },
    ...options,
  }),
  {
    refersTo: ({ as, boundTo, cluster }) => ({ users: [as], pods: [boundTo], clusters: [cluster] }),
    describe: ({ serviceAccount, audience, as }) => [
      `for ${serviceAccount}, audience ${audience}`,
      as === undefined ? 'as the administrator' : `as user ${as}`,
    ],
    perform: async (world, { as, boundTo, cluster, serviceAccount, audience, expirationSeconds }) => {
      const [namespace = '', name = ''] = serviceAccount.split('/');
      const pod = boundTo === undefined ? undefined : world.names.expand(`<pod:${boundTo}>`);
      const answer = await clusterOf(world, cluster).kubernetes.raw({
        method: 'POST',
        path: `/api/v1/namespaces/${world.names.namespace(namespace)}/serviceaccounts/${name}/token`,
        body: {
          apiVersion: 'authentication.k8s.io/v1',
          kind: 'TokenRequest',
          spec: {
            audiences: [audience],
            ...(expirationSeconds !== undefined && { expirationSeconds }),
            ...(pod !== undefined && { boundObjectRef: { apiVersion: 'v1', kind: 'Pod', name: pod } }),
          },
        },
        headers: as === undefined ? {} : { 'Impersonate-User': userName(world, as) },
      });
      // The answer of a success holds the token: it stays out of the facts.
      return answer.status === 201 ? { outcome: 'granted', status: 201 } : refusal('kubernetes', answer);
    },
  },
);

/** TokenReview of a token of the scenario. */
export const reviewToken = defineHarnessOperation(
  'ReviewToken',
  (token: string, cluster: ClusterAlias = 'c1') => ({ cluster, token }),
  {
    refersTo: ({ token, cluster }) => ({ tokens: [token], clusters: [cluster] }),
    describe: ({ token }) => [token],
    perform: async (world, { token, cluster }) => {
      const review = await clusterOf(world, cluster).kubernetes.reviewToken(world.tokens.get(token) ?? '');
      const { authenticated, username, error = 'not authenticated' } = review;
      const facts = { authenticated, ...(username !== undefined && { username }) };
      if (authenticated) return { outcome: 'granted', facts };
      return { outcome: 'refused', layer: 'kubernetes', code: 'Unauthenticated', message: error, facts };
    },
  },
);

/** GET at the API server, anonymously or with a token of the scenario. */
export const kubernetesGet = defineHarnessOperation(
  'KubernetesGet',
  (path: string, as: 'anonymous' | { readonly token: string }, cluster: ClusterAlias = 'c1') => ({ cluster, path, as }),
  {
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
  },
);
