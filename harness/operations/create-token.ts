import type { ClusterAlias } from '../scenario/policy.ts';
import type { HarnessOperation } from '../scenario/spec.ts';
import { userName } from '../world/fixtures/users.ts';
import { clusterOf } from '../world/world.ts';
import { refusal } from './http-answer.ts';
import { defineOperation } from './registry.ts';

interface TokenOptions {
  /** User of the scenario who asks. Default: the administrator. */
  readonly as?: string;
  readonly expirationSeconds?: number;
  /** Workload whose pod the token is bound to. */
  readonly boundTo?: string;
}

interface CreateToken extends HarnessOperation, TokenOptions {
  readonly do: 'CreateToken';
  readonly serviceAccount: string;
  readonly cluster: ClusterAlias;
  readonly audience: string;
}

/** TokenRequest for `<namespace>/<service account>`, as a user of the scenario (default: the administrator). */
export const createToken = (
  serviceAccount: string,
  options: TokenOptions & { readonly audience?: string; readonly cluster?: ClusterAlias } = {},
): CreateToken => ({
  do: 'CreateToken',
  serviceAccount,
  cluster: 'c1',
  audience: 'sts.amazonaws.com',
  ...options,
});

defineOperation<CreateToken>({
  name: 'CreateToken',
  performedBy: 'harness',
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
});
